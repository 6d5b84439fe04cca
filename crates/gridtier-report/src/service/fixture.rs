//! A small service log for tests of sections.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use gridtier::contract::{ContactKind, OutageKind, Responsibility, UseCategory};
use gridtier::entitlement::Catalogue;
use gridtier::index::CustomerIx;
use gridtier::key::KeyIndex;
use gridtier::method::Tier;
use gridtier::word::Word as _;
use gridtier_service::base::{Base, Member};
use gridtier_service::contact_figures::ContactFigures;
use gridtier_service::delivered::Delivered;
use gridtier_service::due::DueInputs;
use gridtier_service::group::Groups;
use gridtier_service::interruption::{Interruptions, KeptInterruptions};
use gridtier_service::log::{Contact, Interruption, Log, Outage};
use gridtier_service::period::{Period, Run};
use gridtier_service::policy::{Policy, fields};
use gridtier_service::promise_figures::PromiseFigures;
use gridtier_service::promise_months::{PromiseMonth, promise_months};
use gridtier_service::time::Second;

use super::view::ServiceView;
use crate::section::Extent;

const POLICY: &str = r#"
format = 1
name = "test"
version = "1"
effective_from = 2020-01-01
source = "a test"

[due]
customer = ["S05"]

[[promise]]
id = "rare"
title = "Few interruptions"
title_zh = "少停电"
service = "S01"
measure = "interruptions"
limit = 3

[[promise]]
id = "restore"
title = "Restoration"
title_zh = "复电"
service = "S03"
measure = "restoration"
limit = 60
compensation = { rule = "fixed", amount = 50 }

[[timer]]
id = "answer"
title = "Answer"
title_zh = "答复"
kinds = ["complaint"]
from = "received"
to = "answered"
within = "24 h"
floor = 100

[[topic]]
id = "billing"
title = "Billing"
title_zh = "电费"
"#;

/// All that sections show.
pub struct LogScene {
    base: Base,
    groups: Groups,
    policy: Policy,
    catalogue: Catalogue,
    log: Log,
    interruptions: Option<Interruptions>,
    run: Run,
}

/// A time in May 2026.
fn at(day: i64, hour: i64) -> Second {
    let first = Period::parse("2026-05").unwrap().first_day();
    Second::of_day(first).plus((day - 1) * 86_400 + hour * 3_600)
}

impl LogScene {
    /// Customers of regions, so many of each, and no table.
    pub fn of_regions(regions: &[(&str, usize)]) -> Self {
        let regions: Vec<u32> =
            (0..).zip(regions).flat_map(|(place, (_, many))| vec![place; *many]).collect();
        Self::of(&regions)
    }

    /// The scene in which so many customers of each region are left: the others closed long ago.
    pub fn with_closed_but(mut self, left: &[(&str, usize)]) -> Self {
        for (name, left) in left {
            let region = self.base.regions.iter().position(|region| region == name);
            let region = region.and_then(|region| u32::try_from(region).ok());
            let of_region = self.base.members.iter_mut().filter(|member| member.region == region);
            of_region.skip(*left).for_each(|member| member.closed_on = Some(1));
        }
        self
    }

    fn of(places: &[u32]) -> Self {
        let names = ["A", "B", "C", "D"].map(str::to_owned).to_vec();
        let mut ids = KeyIndex::default();
        for number in 0..places.len() {
            ids.insert(&format!("c{number:02}"));
        }
        let tier = |place: usize| if place == 0 { Tier::Special } else { Tier::Grade3 };
        let members = (0..).zip(places).map(|(place, &region)| Member {
            opened_on: 0,
            closed_on: None,
            use_category: UseCategory::Other,
            region: Some(region),
            area: None,
            tier: Some(tier(place)),
            opted_out: false,
            annual_energy_kwh: None,
            average_price: None,
        });
        let members: Vec<Member> = members.collect();
        let tiers: ArrayRef = Arc::new(
            members.iter().map(|member| member.tier.map(|tier| tier.code())).collect::<StringArray>(),
        );
        let catalogue = Catalogue::shipped("paper", &[]).unwrap().unwrap();
        let fields = fields(&catalogue);
        let columns = RecordBatch::try_from_iter([("tier", tiers)]).unwrap();
        let base = Base { ids, members, regions: names, columns, fields };
        Self {
            groups: Groups::of(&base),
            base,
            policy: Policy::parse("p.toml", POLICY, &catalogue).unwrap_or_else(|faults| panic!("{faults}")),
            catalogue,
            log: Log::default(),
            interruptions: None,
            run: Run::new(Period::parse("2026-05").unwrap(), None).unwrap(),
        }
    }

    /// Two customers, an outage that took both of them off the supply, one for half an hour, one for two hours.
    pub fn with_an_outage() -> Self {
        let outage = Outage {
            id: "O1".into(),
            started_at: at(10, 10),
            kind: OutageKind::Fault,
            cause: Some("lightning".into()),
            responsibility: Responsibility::Utility,
            announced_at: None,
            promised_at: None,
            plan_at: None,
        };
        let interruption = |customer, seconds| Interruption {
            outage: 0,
            customer: CustomerIx::new(customer),
            started_at: at(10, 10),
            restored_at: Some(at(10, 10).plus(seconds)),
        };
        let log = Log { outages: Some(vec![outage]), ..Log::default() };
        let scene = Self::of(&[0, 1]);
        let kept = KeptInterruptions::all(scene.run, &scene.policy.limits, 1);
        let rows = [interruption(0, 1_800), interruption(1, 7_200)];
        Self { log, interruptions: Some(Interruptions::of_rows(rows, kept, 2)), ..scene }
    }

    /// Two customers, to whom nothing was delivered.
    pub fn without_a_delivery() -> Self {
        Self { log: Log { deliveries: Some(Vec::new()), ..Log::default() }, ..Self::of(&[0, 1]) }
    }

    /// Forty complaints of each of two customers about the bill: those of the first are not answered.
    pub fn with_complaints() -> Self {
        let contacts = (0..80).map(|number: i64| {
            let received = at(1 + number % 20, 8);
            let customer = u32::try_from(number % 2).unwrap();
            Contact {
                id: format!("k{number:02}").into(),
                received_at: received,
                customer: Some(CustomerIx::new(customer)),
                kind: ContactKind::Complaint,
                channel: None,
                topic: Some("billing".into()),
                first_contact_at: None,
                analysed_at: None,
                answered_at: (customer == 1).then(|| received.plus(3_600)),
                closed_at: (customer == 1).then(|| received.plus(7_200)),
                passed_on_at: None,
                called_back_at: None,
                outcome: None,
                satisfied: None,
            }
        });
        Self { log: Log { contacts: Some(contacts.collect()), ..Log::default() }, ..Self::of(&[0, 1]) }
    }

    /// How it is shown.
    pub fn view(&self) -> ServiceView<'_> {
        ServiceView {
            base: &self.base,
            groups: &self.groups,
            policy: &self.policy,
            catalogue: &self.catalogue,
            log: &self.log,
            run: self.run,
            cycle: 1,
            min_count: 0,
            most_rows: 20,
            extent: Extent::Brief,
        }
    }

    pub fn promises(&self) -> Option<PromiseFigures> {
        let interruptions = self.interruptions.as_ref();
        PromiseFigures::of(&self.base, &self.groups, &self.log, interruptions, &self.policy, self.run)
    }

    pub fn promise_months(&self) -> Option<Vec<PromiseMonth>> {
        let interruptions = self.interruptions.as_ref();
        promise_months(&self.base, &self.groups, &self.log, interruptions, &self.policy, self.run)
    }

    pub fn due_inputs(&self) -> DueInputs<'_> {
        DueInputs {
            base: &self.base,
            catalogue: &self.catalogue,
            policy: &self.policy,
            log: &self.log,
            interruptions: self.interruptions.as_ref(),
            run: self.run,
        }
    }

    pub fn delivered(&self) -> Option<Delivered> {
        Delivered::measure(self.due_inputs(), &self.groups)
    }

    pub fn contacts(&self) -> Option<ContactFigures<'_>> {
        ContactFigures::of(&self.base, &self.groups, &self.log, &self.policy, self.run)
    }
}
