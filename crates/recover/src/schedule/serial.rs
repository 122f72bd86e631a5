//! Serial schedule generation: jobs one after the other, each as early as precedence and resources allow.

use super::profile::Profile;
use super::{Project, Starts};

/// Places the jobs in the order of `list`, each at its earliest feasible start. `list` names every job
/// once, each after those it waits for. For objectives that never gain from delay some list gives an optimum
/// (Kolisch 1996).
pub fn serial(project: &Project, list: &[usize]) -> Starts {
    let mut profile = Profile::new(project.capacities());
    let mut starts = vec![0; project.jobs().len()];
    for &number in list {
        let job = &project.jobs()[number];
        let ready = job.after.iter().map(|&it| starts[it] + project.jobs()[it].duration).max();
        let start = profile.earliest(ready.unwrap_or(0), job.duration, &job.demands);
        profile.take(start, job.duration, &job.demands);
        starts[number] = start;
    }
    starts
}

/// Jobs by `key`, least first, made compatible with the precedence: of the jobs whose predecessors are all listed, the
/// one with the least key comes next; ties by number.
pub fn list_by<K: PartialOrd + Copy>(project: &Project, key: &[K]) -> Vec<usize> {
    let n = project.jobs().len();
    let mut open: Vec<usize> = project.jobs().iter().map(|it| it.after.len()).collect();
    let mut ready: Vec<usize> = (0..n).filter(|&it| open[it] == 0).collect();
    let mut list = Vec::with_capacity(n);
    while !ready.is_empty() {
        let mut best = 0;
        for at in 1..ready.len() {
            let (a, b) = (ready[at], ready[best]);
            let sooner = key[a] < key[b];
            if sooner || (key[a] == key[b] && a < b) {
                best = at;
            }
        }
        let job = ready.swap_remove(best);
        list.push(job);
        for &next in project.successors(job) {
            open[next] -= 1;
            if open[next] == 0 {
                ready.push(next);
            }
        }
    }
    list
}

/// Forward-backward improvement (Li and Willis 1992): every job as late as the makespan allows, then as early as
/// possible again. The makespan never grows.
pub fn forward_backward(project: &Project, starts: &[u64]) -> Starts {
    let end = project.ends(starts).into_iter().max().unwrap_or(0);
    // Backward: a serial schedule of the mirrored project in order of falling ends.
    let mut profile = Profile::new(project.capacities());
    let mut mirrored = vec![0; starts.len()];
    let ends = project.ends(starts);
    let keys: Vec<u64> = ends.iter().map(|it| end - it).collect();
    for &number in &reverse_list(project, &keys) {
        let job = &project.jobs()[number];
        let ready =
            project.successors(number).iter().map(|&it| mirrored[it] + project.jobs()[it].duration).max();
        let start = profile.earliest(ready.unwrap_or(0), job.duration, &job.demands);
        profile.take(start, job.duration, &job.demands);
        mirrored[number] = start;
    }
    let late: Vec<u64> =
        mirrored.iter().zip(project.jobs()).map(|(it, job)| end.saturating_sub(it + job.duration)).collect();
    serial(project, &list_by(project, &late))
}

/// As [`list_by`] for the mirrored project.
fn reverse_list(project: &Project, key: &[u64]) -> Vec<usize> {
    let n = project.jobs().len();
    let mut open: Vec<usize> = (0..n).map(|it| project.successors(it).len()).collect();
    let mut ready: Vec<usize> = (0..n).filter(|&it| open[it] == 0).collect();
    let mut list = Vec::with_capacity(n);
    while let Some(at) = (0..ready.len()).min_by_key(|&at| (key[ready[at]], std::cmp::Reverse(ready[at]))) {
        let job = ready.swap_remove(at);
        list.push(job);
        for &earlier in &project.jobs()[job].after {
            open[earlier] -= 1;
            if open[earlier] == 0 {
                ready.push(earlier);
            }
        }
    }
    list
}
