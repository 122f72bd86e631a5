# English words of every page. A value `$x` is written as it is, `$x_n` is its bare number and selects the plural.

hosts = { $n_n ->
    [one] { $n } host
   *[other] { $n } hosts
}

## Work orders

order-title = Work order: { $point }
order-plan = plan { $n }
order-lead = { $n_n ->
    [one] One measure to be carried out by hand at this enforcement point, exactly as written.
   *[other] { $n } measures to be carried out by hand at this enforcement point, in this order, exactly as written.
}
order-where = Where
order-product = Product
order-product-unknown = not named in the estate (key `product` of the enforcement point): the rules are given in plain words
order-written = Written
order-until = How long
order-lease = The plan asks for { $span }. What is set by hand does not lapse by itself: it stays until somebody undoes it.
order-first = First
order-prepare = Read the order to its end. Keep a console or an out-of-band way to the device, so that you cannot lock yourself out.
order-keep-open = What follows must stay open whatever else is done: allow it before anything is blocked.
order-nothing-open = The estate names no management channel that has to stay open here.
order-do = Do
order-wait = wait
order-wait-commander = Begin only when the incident commander has agreed.
order-wait-owner = Begin only when the incident commander and the owner of the service have agreed.
order-how = How
order-check = Check
order-sign = Done at ____ : ____   by ________________   checked: yes / no
order-undo = Undo
order-undo-when = Only when the incident commander says so, last step first.
order-report = Report back
order-report-text = Tell the incident commander what you did and when, what the checks showed, and whatever you did otherwise. Nothing counts as done before that.
order-traffic = The traffic concerned
order-from = From
order-to = To
order-ports = Ports
order-all-ports = all
order-anywhere = anywhere
order-no-address = no address is known: look it up before you begin
order-isolate = Isolate { $host } from everything but management
order-disable = Disable the account { $account }
order-segment = Block all flows from zone { $from } to zone { $to }
order-block = Block the flow { $flow }
order-block-from = Block the flow { $flow } that comes from { $from }
order-block-to = Block the flow { $flow } that goes to { $to }
order-the-product = the product

order-any-block-act = In { $product }, put the rules above at the head of the list, under the name { $name }: first what stays open (allow), then what is stopped (drop, not reject), for both versions of IP.
    Turn on logging for these rules.
    End the sessions between these addresses that live already: a rule that only refuses new ones leaves the attacker connected.
order-any-block-check = Try one of the connections above from its source: it must fail.
    Look at the list of live sessions: none between these addresses may be left.
    Open one of the channels that must stay open: it must work.
order-any-block-undo = Remove the rules named { $name } from { $product }, and nothing else.
order-any-disable-act = Disable the account ({ $accounts }) in { $product }; do not delete it.
    Revoke its sessions, tickets, tokens and keys, and set a new password that nobody keeps.
order-any-disable-check = Try to log on as { $accounts }: it must be refused.
    No session of the account may be left.
order-any-disable-undo = Give the account a new password on a clean host, then enable it again.
order-edr-isolate-act = Open the console of { $product } and find the host { $target }. Compare name and address: hosts with like names exist.
    Make sure that the channels above which must stay open stand in the list of exceptions.
    Choose "Isolate" (also called "Contain host", "Network contain" or "Disconnect from network"); give { $name } as the reason.
order-edr-isolate-check = The console shows the host as isolated; "pending" is not yet isolated.
    From a neighbour, a connection to the host must fail.
order-edr-isolate-undo = In the console, choose "Release from isolation" for { $target }.

order-forti-backup = Save the configuration as it is.
order-forti-make = Make the objects and policies (with VDOMs, enter the right one first with "config vdom").
order-forti-head = Move the new policies to the head of the list in this order (GUI: drag in "By Sequence"; CLI: "move <ID> before <ID>"):
order-forti-sessions = End the sessions that live already.
order-forti-check = The policies are there, enabled and at the head.
order-forti-check-sessions = No session is left that the policies stop.
order-forti-undo = Delete the policies of this name, then the objects of the same name.

order-cisco-backup = Save the configuration as it is.
order-cisco-acl = Find the access list that guards the interface which this traffic enters by; put its name in the place of <ACL>.
order-ios-renumber = Make room at the head of the list.
order-cisco-lines = Put these lines at the head of the access list. Do not write them to the startup configuration before the check.
order-cisco-clear = End the connections that live already.
order-cisco-check = The lines count hits, and no connection is left that they stop.
order-cisco-undo = Take out exactly these lines.

order-win-console = Work at the console of { $target } (or through the hypervisor), as administrator: a remote session may be cut by the next steps.
order-win-backup = Save the firewall's rules, so that they can be put back exactly.
order-win-keep = Allow what must stay open.
order-win-others = Take every other permission away and block by default. Where group policy sets the rules, do the same in the policy, or they come back.
order-win-check = Every profile is enabled and blocks in both directions.
order-win-check-connections = Nothing is connected but the channels that must stay open.
order-win-undo = Put the saved rules back.
order-win-block = On the host that the traffic goes to, in PowerShell as administrator:
order-win-block-sessions = Look for connections that live already, and end the processes that hold them.
order-win-block-check = The rules are there and enforced.
order-win-block-undo = Remove the rules of this name.

order-ad-disable = On a domain controller, in PowerShell as administrator, disable { $accounts }; do not delete the account.
order-ad-password = Set a password that nobody keeps: it ends what was taken of the old one.
order-ad-sync = Carry it to every domain controller now.
order-ad-sessions = End its sessions: on every host it is logged on to, log it off. Kerberos tickets live up to ten hours. Where the directory is joined to a cloud, revoke its tokens there.
order-ad-check = Every domain controller shows Enabled: False.
order-ad-undo = After the account has a new password, set on a clean host:

## Filings

filing-draft = draft
filing-missing = { $n_n ->
    [0] Every field has an answer; a person reads and files it.
    [one] { $n } field must still be written by a person; it is marked.
   *[other] { $n } fields must still be written by a person; they are marked.
}
filing-to = To
filing-channel = How
filing-status = Bears
filing-submitted = Filed
filing-due = Work to
filing-due-outer = Latest arguable
filing-fields = What the form asks, in its order
filing-field = Asked
filing-value = Answer
filing-open = to be written
filing-simulated = SIMULATED: nothing was changed on the real network
filing-met = Criteria met
filing-undecided = Criteria that nobody has established
filing-questions = What decides it
filing-footer = Pre-filled by Bulkhead from the files of this case; the data stand beside it as JSON. A working aid, not legal advice.
status-binding = binds
status-prepare = may bind: prepare, and let counsel decide
status-proposed = proposed, not law yet
channel-portal = by portal
channel-email = by e-mail
channel-post = by post
channel-phone = by telephone
channel-json = by machine-readable message
channel-public = in public

## The report: common

word-service = Service
word-none = none
word-nothing = nothing
word-never = never
word-unknown = unknown
word-more-than = more than
word-when = When
and-more = and { $n } more
more-in-file = { $n_n ->
    [one] { $n } more stands in { $file }.
   *[other] { $n } more stand in { $file }.
}
actions = { $n_n ->
    [one] { $n } action
   *[other] { $n } actions
}
moves = { $n_n ->
    [one] { $n } move cut
   *[other] { $n } moves cut
}
steps = { $n_n ->
    [one] { $n } step
   *[other] { $n } steps
}
customers = { $n_n ->
    [one] { $n } customer
   *[other] { $n } customers
}
page-skip = Skip to the engineer's detail
page-incident = incident
page-footer = Computed by Bulkhead from the files of this case. "bulkhead case verify" checks every byte of it against its signed record, offline. Deadlines are a working aid, not legal advice.
page-annex = Annex: what is folded on the page is not printed unless it was unfolded before; all of it stands in the files of the case.

## The report: first screen

summary-title = In two minutes
card-holds = { $accounts_n ->
    [one] in the attacker's hands, with { $accounts } account
   *[other] in the attacker's hands, with { $accounts } accounts
}
card-held = { $accounts_n ->
    [one] were in the attacker's hands, with { $accounts } account
   *[other] were in the attacker's hands, with { $accounts } accounts
}
card-suspected = { $n } more suspected
card-relapses = { $n_n ->
    [one] the attacker came back once
   *[other] the attacker came back { $n } times
}
card-simulated = (simulated)
card-unknown = unknown
card-drafted = whom our own containment hits: the estate was drafted from telemetry
card-overdue = { $n_n ->
    [one] { $n } deadline
   *[other] { $n } deadlines
}
card-overdue-by = passed by { $when } without a filing on record
card-radius = { $n_n ->
    [one] { $n } host was then in the attacker's hands or reach
   *[other] { $n } hosts were then in the attacker's hands or reach
}
card-containment-hits = { $n_n ->
    [one] hit by our own containment, through { $n } service
   *[other] hit by our own containment, through { $n } services
}
card-cost = what plan { $plan } costs over { $hours } h, proven within { $gap }
card-attacker-hits = of services that rest on what the attacker holds
card-restored = from the declaration until the main services were back
card-back = until every service is back, from the start of recovery; nine times in ten within { $late }
card-next = next legal deadline: { $duty }, to { $recipient }
card-score = from the attacker's first act to the first finding; verified containment { $contained } later

## The report: timeline, scope, findings

timeline-title = Timeline
timeline-picture = Timeline, picture
timeline-caption = What happened, in order
timeline-note = Quiet times are compressed. Point at a mark to read it.
timeline-all = { $n_n ->
    [one] { $n } entry
   *[other] All { $n } entries
}
timeline-what = What
timeline-text = Text
timeline-description = { $n } entries in { $lanes } lanes; findings by ATT&CK tactic above, the response below. The table of the timeline has all of them.
scope-title = Scope
scope-caption = Hosts and accounts of the incident; none stands here without a finding or an observation
scope-standing = Standing
scope-who = Who
scope-since = Since
scope-sure = Sure
scope-because = Because
scope-compromised = compromised
scope-suspected = suspected
scope-more-reasons = { $n_n ->
    [one] { $n } more reason
   *[other] { $n } more reasons
}
findings-title = Findings
findings-caption = Findings, like ones on one row
findings-read = { $sources_n ->
    [one] { $events } events read from { $sources } source, { $malformed } malformed.
   *[other] { $events } events read from { $sources } sources, { $malformed } malformed.
}
findings-belong = { $n_n ->
    [one] { $n } finding belongs to this incident.
   *[other] { $n } findings belong to this incident.
}
findings-all = All findings
findings-times = Times
findings-until = until { $when }
findings-level = Level
findings-rule = Rule
findings-host = Host
findings-account = Account
findings-event = First event

## The report: containment and proof

containment-title = Containment
impact-attacker = Services that rest on what the attacker holds
impact-predicted = Services our containment hits, as predicted
impact-observed = The same, as observed by probes
impact-state = State
impact-customers = Customers
impact-unknown = unknown: the estate was drafted from telemetry
impact-per-hour = { $currency } per hour
plan-none = No containment plan was made.
plan-not-done = Left undone
cost-caption = The plan next to what one would otherwise do, over { $hours } hours, in { $currency }
cost-plan = Plan
cost-services-lost = Services lost
cost-exposed = Still exposed
cost-footholds = Footholds kept
cost-operating = Operating
cost-total = Total
cost-services-hit = Services hit
cost-note = Note
cost-this = this plan
cost-proven = proven within { $gap }
cost-infeasible = breaks a hard rule
actions-caption = Actions of plan generation { $generation }
actions-action = Action
actions-at = At
actions-lapses = Lapses after
actions-cuts = Cuts
actions-breaks = Breaks
actions-from = from
actions-to = to
proof-title = Proof
proof-none = No certificate: nothing was enforced.
proof-holds = holds
proof-broken = does not hold
proof-not-contained = not contained
proof-moves = { $n_n ->
    [one] { $n } move cut, with the rule that cuts it
   *[other] { $n } moves cut, with the rule that cuts each
}
proof-moves-caption = Every move out of the attacker's reach
proof-means = By means of
proof-by = Cut by
graph-title = Attack graph with the cut
graph-reach = Within the attacker's reach
graph-cut-by = Cut by
graph-kept = Kept out of reach
graph-legend-from = moves that the attacker could make
graph-legend-to = to where they would lead
graph-legend-rule = the rule that cuts them
graph-description = Within the attacker's reach: { $reached } assets; moves out of them that are cut: { $cut }; protected assets kept out of reach: { $protected }. { $rules }. The certificate lists every one.

## The report: recovery

recovery-title = Recovery
recovery-none = No recovery plan was made.
recovery-picture = Recovery plan
recovery-lost = Value lost until everything is back, at median durations: { $money }, proven within { $gap }.
recovery-services = When services are back, from the start of recovery
recovery-median = Median
recovery-nine = Nine in ten
recovery-risk = Risk of missing MTPD
recovery-stages = { $n_n ->
    [one] { $n } stage with its gate
   *[other] { $n } stages with their gates
}
recovery-stage = Stage { $number }: { $title }
recovery-steps = { $n_n ->
    [one] { $n } step.
   *[other] { $n } steps.
}
recovery-gate = The gate is opened by the role { $role }, after { $span } of surveillance without a new finding:
gantt-description = { $n_n ->
    [one] { $n } stage; the last step ends { $span } after the start of recovery at median durations
   *[other] { $n } stages; the last step ends { $span } after the start of recovery at median durations
}
gantt-row = { $label }: { $from } to { $to }, at worst { $late }
gantt-watch = surveillance after stage { $stage }: { $span }
gantt-watched = watched { $span }
gantt-gate = gate { $stage }
gantt-gate-long = gate after stage { $stage }: { $checks }; surveillance { $span }

## The report: law

clocks-title = Legal clocks
clocks-note = Work to the earliest deadline; the latest that can be argued is for counsel to decide. Times are those of { $zone }.
clocks-none = No duty is known to bind this operator by its legal profile.
clocks-binding = Duties that bind this operator, from the one awareness instant
clocks-prepare = Duties that may bind, from the one awareness instant
clocks-proposed = Duties proposed, from the one awareness instant
clocks-prepare-count = { $n_n ->
    [one] { $n } duty that may bind: prepare, and let counsel decide
   *[other] { $n } duties that may bind: prepare, and let counsel decide
}
clocks-proposed-count = { $n_n ->
    [one] { $n } duty proposed, not law yet
   *[other] { $n } duties proposed, not law yet
}
clocks-earliest = Earliest
clocks-latest = Latest arguable
clocks-duty = Duty
clocks-to = To
clocks-filed = filed { $when }
clocks-not-law = not law
clocks-at-once = at once
clocks-runs-from = runs from { $anchor }
clocks-facts-missing = runs while facts are missing
clocks-rule = Rule and sources
filings-title = Filings and work orders
filings-caption = What is to be filed, pre-filled from this case; each is a page and data
filings-what = Filing
filings-due = Work to
filings-open = To be written
filings-pages = Pages
filings-fields = { $n_n ->
    [one] { $n } field
   *[other] { $n } fields
}
orders-title = Work orders for people

## The report: theft of data

theft-title = Exfiltration
theft-none-seen = none seen
theft-not-assessable = not assessable
theft-indications = indications
theft-evidenced = evidenced
theft-note = As of { $when }; telemetry covers { $share } of the time of the stores within the attacker's reach ({ $stores }), over logons, processes, files, egress and DNS; without any record of what left them: { $blind }. Re-evaluated when facts change and before closing.
holes-count = { $n_n ->
    [one] { $n } stretch without any record of a store
   *[other] { $n } stretches without any record of a store
}
holes-caption = What telemetry does not cover
holes-sensor = Sensor
holes-from = From
holes-to = To
theft-caption = Stores of data within the attacker's reach
theft-store = Store
theft-data = Data
theft-conclusion = Conclusion
theft-covered = Covered
theft-rests-on = Rests on

## Names of closed lists

state-up = up
state-degraded = degraded
state-down = down
standing-source = in the attacker's hands
standing-reached = still within reach
standing-beyond = cut off from the attacker
standing-protected = must never be reached
action-block-flow = block flow
action-segment = segment
action-isolate = isolate
action-disable-identity = disable identity
baseline-isolate-all = isolate every compromised host
baseline-shut-zones = shut their zones
level-informational = informational
level-low = low
level-medium = medium
level-high = high
level-critical = critical
alternative-silent = cheapest without footholds
kind-incident = incident
kind-finding = finding
kind-impact = impact
kind-plan = plan
kind-approval = approval
kind-enforcement = enforcement
kind-verification = verification
kind-recovery = recovery
kind-surveillance = surveillance
kind-clock = clock
kind-filing = filing
kind-exfiltration = theft of data
tactic-reconnaissance = reconnaissance
tactic-resource-development = resource development
tactic-initial-access = initial access
tactic-execution = execution
tactic-persistence = persistence
tactic-privilege-escalation = privilege escalation
tactic-defense-evasion = defense evasion
tactic-credential-access = credential access
tactic-discovery = discovery
tactic-lateral-movement = lateral movement
tactic-collection = collection
tactic-command-and-control = command and control
tactic-exfiltration = exfiltration
tactic-impact = impact
tactic-other = other
stage-early-warning = early warning
stage-notification = notification
stage-intermediate = intermediate report
stage-final = final report
stage-initial = initial report
stage-subjects = to the persons concerned
