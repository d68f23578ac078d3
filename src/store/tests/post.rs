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
