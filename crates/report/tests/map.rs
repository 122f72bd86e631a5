//! The estate's map: complete, the same every time, and of bounded size.

use bulkhead_model::estate::Estate;
use bulkhead_report::map::svg;

fn example(name: &str) -> Estate {
    let path = format!("{}/../../examples/{name}/estate.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the example is part of the repository");
    bulkhead_model::estate::read(name, &text).0.expect("the example is sound")
}

#[test]
fn every_zone_asset_and_service_is_on_the_map() {
    let estate = example("telco");
    let map = svg(&estate);
    assert_eq!(map, svg(&estate));
    for asset in &estate.assets {
        assert!(map.contains(&format!("<title>{} ", asset.id)), "{}", asset.id);
    }
    for zone in &estate.zones {
        assert!(map.contains(&zone.name), "{}", zone.name);
    }
    for service in &estate.services {
        assert!(map.contains(&service.name.en().replace('&', "&amp;")), "{}", service.name.en());
    }
    assert_eq!(
        map.matches("class=\"star\"").count(),
        1 + estate.assets.iter().filter(|it| it.crown_jewel).count()
    );
}

#[test]
fn a_large_estate_is_summed_up() {
    let mut estate = example("minimal");
    let model = estate.assets[3].clone();
    for n in 0..20_000 {
        let mut asset = model.clone();
        asset.id = format!("web-{n}x").into();
        asset.roles = vec![format!("role-{}", n % 50)];
        estate.assets.push(asset);
    }
    let map = svg(&estate);
    assert!(map.len() < 100_000, "{}", map.len());
    assert!(map.contains("×400"));
    assert!(map.contains("more roles"));
}

#[test]
fn an_estate_of_nothing_is_drawn() {
    assert!(svg(&Estate::empty("<none>")).contains("&lt;none&gt;"));
}
