use super::*;
use crate::entitlement::service::{Access, Provenance};
use crate::method::Tier;

fn shipped() -> Catalogue {
    Catalogue::shipped("paper", &[]).unwrap().unwrap_or_else(|faults| panic!("{faults}"))
}

/// The faults of the shipped catalogue after `find` became `put`.
fn planted(find: &str, put: &str) -> String {
    let text = CATALOGUES[0].1;
    assert!(text.contains(find), "nothing to plant at: {find}");
    match Catalogue::parse("c.toml", &text.replacen(find, put, 1), &[]) {
        Ok(_) => String::new(),
        Err(faults) => faults.to_string(),
    }
}

#[test]
fn the_shipped_matrix_has_every_cell_and_no_fault() {
    let catalogue = shipped();
    assert_eq!(catalogue.services.len(), 25);
    assert_eq!(catalogue.services.iter().map(|service| service.cells.len()).sum::<usize>(), 100);
    assert_eq!(catalogue.duties.len(), 5);
}
