//! The outbox.

use super::*;

fn frozen() -> World {
    let world = World::with(&[("a", "moi")]);
    let id = world
        .poll("a/moi", noon(), vec![item("x", "Hội nghị")])
        .new_articles[0];
    world.judge(id, 2);
    desk::freeze(&world, "2026-11-20T06:30", 1, &[id]);
    world
}

fn later() -> Timestamp {
    noon() + minutes(90)
}

fn attempt(state: DeliveryState) -> Attempt {
    Attempt {
        state,
        reply: "250 ok".into(),
        due_at: later() + minutes(15),
        counts: true,
    }
}

#[test]
fn each_recipient_has_one_delivery_and_it_is_sent_once() {
    let world = frozen();
    let claim = |now| wait(world.store.claim_due_deliveries(now, 9)).unwrap();
    assert!(claim(noon()).is_empty());
    let due = claim(later());
    assert_eq!(due.len(), 2);
    assert!(claim(later()).is_empty());
    let (first, state) = &due[0];
    assert_eq!((first.tries, *state), (0, DeliveryState::Queued));
    assert!(wait(world.store.mark_dot(first.id, later())).unwrap());
    wait(
        world
            .store
            .commit_attempt(first.id, attempt(DeliveryState::Sent), later()),
    )
    .unwrap();
    wait(
        world
            .store
            .commit_attempt(first.id, attempt(DeliveryState::Deferred), later()),
    )
    .unwrap();
    wait(
        world
            .store
            .commit_attempt(due[1].0.id, attempt(DeliveryState::Deferred), later()),
    )
    .unwrap();
    assert_eq!(
        wait(world.store.next_due()).unwrap().delivery,
        Some(later() + minutes(15))
    );
    let again = claim(later() + minutes(15));
    assert_eq!(again.len(), 1);
    assert_eq!(
        (again[0].0.tries, &again[0].0.message_id),
        (1, &due[1].0.message_id)
    );
    let counts = wait(world.store.outbox_counts()).unwrap();
    assert_eq!((counts["sent"], counts["sending"]), (1, 1));
    world.sound();
}

#[test]
fn a_try_that_never_ended_returns_and_says_how_far_it_came() {
    let world = frozen();
    let due = wait(world.store.claim_due_deliveries(later(), 9)).unwrap();
    assert!(wait(world.store.mark_dot(due[0].0.id, later())).unwrap());
    let soon = later() + minutes(9);
    assert!(
        wait(world.store.claim_due_deliveries(soon, 9))
            .unwrap()
            .is_empty()
    );
    let back = wait(world.store.claim_due_deliveries(later() + minutes(10), 9)).unwrap();
    let mut states: Vec<_> = back.iter().map(|(_, state)| state.as_str()).collect();
    states.sort_unstable();
    assert_eq!(states, ["dot", "sending"]);
    world.sound();
}

#[test]
fn what_a_dead_owner_had_under_way_is_due_at_once_for_the_next_one() {
    let world = frozen();
    let due = wait(world.store.claim_due_deliveries(later(), 9)).unwrap();
    assert!(wait(world.store.mark_dot(due[0].0.id, later())).unwrap());
    let world = world.reopened();
    let back = wait(world.store.claim_due_deliveries(later(), 9)).unwrap();
    let states: Vec<_> = due
        .iter()
        .map(|(one, _)| back.iter().find(|(other, _)| other.id == one.id).unwrap())
        .map(|(_, state)| *state)
        .collect();
    assert_eq!(states, [DeliveryState::Dot, DeliveryState::Sending]);
    assert_eq!(
        due[0].0.message,
        back.iter()
            .find(|(d, _)| d.id == due[0].0.id)
            .unwrap()
            .0
            .message
    );
    world.sound();
}

#[test]
fn an_admin_retries_cancels_and_sends_again() {
    let world = frozen();
    assert_eq!(
        wait(world.store.cancel_deliveries(None, later())).unwrap(),
        2
    );
    assert!(
        wait(world.store.claim_due_deliveries(later(), 9))
            .unwrap()
            .is_empty()
    );
    let failed = wait(world.store.list_deliveries(&[DeliveryState::Failed], 9)).unwrap();
    assert_eq!(failed.len(), 2);
    assert_eq!(failed[0].last_reply.as_deref(), Some("cancelled"));
    assert_eq!(
        wait(world.store.retry_deliveries(Some(failed[0].id), later())).unwrap(),
        1
    );
    let due = wait(world.store.claim_due_deliveries(later(), 9)).unwrap();
    assert_eq!(due.len(), 1);
    let under_way = due[0].0.id;
    assert_eq!(
        wait(world.store.cancel_deliveries(Some(under_way), later())).unwrap(),
        1
    );
    assert!(!wait(world.store.mark_dot(under_way, later())).unwrap());
    let row = &failed[1];
    assert!(wait(world.store.resend(row.edition, &row.recipient, later())).unwrap());
    assert!(!wait(world.store.resend(row.edition, "ai@do.example", later())).unwrap());
    assert_eq!(
        wait(world.store.claim_due_deliveries(later(), 9))
            .unwrap()
            .len(),
        1
    );
    world.sound();
}

#[test]
fn what_a_dead_owner_left_under_way_is_due_at_once() {
    let World { dir, store } = frozen();
    let due = wait(store.claim_due_deliveries(later(), 9)).unwrap();
    assert!(wait(store.mark_dot(due[0].0.id, later())).unwrap());
    drop(store);
    let store = Store::open(dir.path(), fold).unwrap();
    let back = wait(store.claim_due_deliveries(later(), 9)).unwrap();
    let mut states: Vec<_> = back.iter().map(|(_, state)| state.as_str()).collect();
    states.sort_unstable();
    assert_eq!(states, ["dot", "sending"], "and says how far it came");
    assert_eq!(back[0].0.tries, 1);
    let mut store = store;
    for _ in 0..3 {
        drop(store);
        store = Store::open(dir.path(), fold).unwrap();
        assert_eq!(
            wait(store.claim_due_deliveries(later(), 9)).unwrap().len(),
            2
        );
    }
    drop(store);
    let store = Store::open(dir.path(), fold).unwrap();
    assert!(
        wait(store.claim_due_deliveries(later(), 9))
            .unwrap()
            .is_empty(),
        "after five deaths it waits for its lease, and the others come first"
    );
}

#[test]
fn what_was_cancelled_under_way_stays_cancelled_unless_the_server_has_it() {
    let world = frozen();
    let due = wait(world.store.claim_due_deliveries(later(), 9)).unwrap();
    wait(world.store.cancel_deliveries(None, later())).unwrap();
    let commit = |at: usize, state| {
        wait(
            world
                .store
                .commit_attempt(due[at].0.id, attempt(state), later()),
        )
        .unwrap();
    };
    commit(0, DeliveryState::Deferred);
    commit(1, DeliveryState::Sent);
    let counts = wait(world.store.outbox_counts()).unwrap();
    assert_eq!((counts["failed"], counts["sent"]), (1, 1));
    world.sound();
}

#[test]
fn trouble_of_the_server_uses_up_nobodys_tries_but_not_for_ever() {
    let world = frozen();
    let due = wait(world.store.claim_due_deliveries(later(), 1)).unwrap();
    let trouble = Attempt {
        counts: false,
        ..attempt(DeliveryState::Deferred)
    };
    wait(world.store.commit_attempt(due[0].0.id, trouble, later())).unwrap();
    let rows = wait(world.store.list_deliveries(&[DeliveryState::Deferred], 9)).unwrap();
    assert_eq!(rows[0].tries, 0);
    let long_after = later() + SignedDuration::from_hours(200);
    let expire = |before| {
        wait(
            world
                .store
                .expire_deliveries(before, "given up", long_after),
        )
        .unwrap()
    };
    assert_eq!((expire(noon()), expire(later() + minutes(1))), (0, 2));
    let rows = wait(world.store.list_deliveries(&[DeliveryState::Failed], 9)).unwrap();
    let words: Vec<_> = rows
        .iter()
        .filter_map(|row| row.last_reply.as_deref())
        .collect();
    assert_eq!(words, ["given up", "given up; 250 ok"]);
    world.sound();
}

#[test]
fn somebody_who_came_later_gets_a_delivery_of_a_frozen_edition() {
    let world = frozen();
    let edition = wait(world.store.list_deliveries(&[], 1)).unwrap()[0].edition;
    let new = NewDelivery {
        recipient: "moi@tinhuy.example".into(),
        message_id: "m3@tinhuy.example".into(),
        message: b"thu".to_vec(),
    };
    assert!(wait(world.store.add_delivery(edition, new.clone(), later())).unwrap());
    assert!(!wait(world.store.add_delivery(edition, new, later())).unwrap());
    assert_eq!(
        wait(world.store.claim_due_deliveries(later(), 9))
            .unwrap()
            .len(),
        3
    );
    world.sound();
}
