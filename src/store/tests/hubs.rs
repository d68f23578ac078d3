//! Subscriptions at hubs.

use super::*;

const GAP: SignedDuration = SignedDuration::from_hours(24);

/// Two feeds of one paper and one of another that name these hubs, subscribed to where the hub is not empty.
fn named(hubs: [&str; 3]) -> World {
    let world = World::with(&[("a", "moi"), ("a", "cu"), ("b", "moi")]);
    for (feed, hub) in ["a/moi", "a/cu", "b/moi"].into_iter().zip(hubs) {
        let mut commit = world.commit(feed, noon(), Vec::new());
        commit.state.hub = (!hub.is_empty()).then(|| HubLink {
            hub: hub.parse().unwrap(),
            topic: format!("https://{}.vn/rss", &feed[..1]).parse().unwrap(),
        });
        wait(world.store.commit_polls(vec![commit])).unwrap();
    }
    sync(&world, noon());
    world
}

fn sync(world: &World, now: Timestamp) -> usize {
    let base = Some("https://diembao.tinh.vn/websub/".to_owned());
    wait(world.store.sync_hubs(base, GAP, now)).unwrap()
}

fn due(world: &World, now: Timestamp) -> Vec<DueSubscription> {
    wait(world.store.claim_subscriptions(now, LEASE, 9)).unwrap()
}

fn begin(world: &World, feed: &str, token: &str, most: u32) -> bool {
    let request = NewRequest {
        feed: world.feed(feed),
        callback: Callback {
            base: "https://diembao.tinh.vn/websub/".into(),
            token: token.into(),
            secret: format!("bi-mat-{token}"),
        },
        at: noon(),
        pending_until: noon() + minutes(60),
        due_at: noon() + GAP,
    };
    wait(world.store.begin_request(request, most)).unwrap()
}

fn subscription(world: &World, feed: &str) -> Subscription {
    wait(world.store.subscriptions()).unwrap()[&world.feed(feed)].clone()
}

#[test]
fn a_hub_that_verifies_before_it_answers_is_believed() {
    let world = named(["https://hub.vn/", "", ""]);
    assert_eq!(due(&world, noon()).len(), 1);
    assert!(due(&world, noon()).is_empty(), "claimed");
    assert!(begin(&world, "a/moi", "t", 3));
    let (ends, renewed) = (noon() + minutes(600), noon() + minutes(480));
    let verify = || {
        wait(
            world
                .store
                .verify_subscription("t", "https://a.vn/rss", ends, renewed, noon()),
        )
    };
    assert!(verify().unwrap());
    assert!(!verify().unwrap());
    // Whatever the answer to the request is, it comes too late to say anything.
    for requested in [Requested::Taken, Requested::Refused, Requested::Failed] {
        let why = Some("HTTP 500".to_owned());
        wait(world.store.end_request("t".into(), requested, noon(), why)).unwrap();
        let live = subscription(&world, "a/moi");
        assert_eq!(
            (live.state, live.due_at, live.detail),
            (HubState::Live, Some(renewed), None)
        );
    }
    assert_eq!(wait(world.store.next_hub_due()).unwrap(), Some(renewed));
    assert!(
        wait(world.store.end_leases(ends - minutes(1)))
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        wait(world.store.end_leases(ends)).unwrap(),
        [FeedKey("a/moi".into())]
    );
    world.sound();
}

#[test]
fn hubs_are_counted_by_paper() {
    let world = named([
        "https://hub-1.vn/",
        "https://hub-2.vn/",
        "https://hub-2.vn/",
    ]);
    assert!(begin(&world, "a/moi", "t1", 1));
    assert!(
        !begin(&world, "a/cu", "t2", 1),
        "a second hub of the same paper"
    );
    assert!(begin(&world, "a/cu", "t2", 2));
    assert!(
        begin(&world, "b/moi", "t3", 1),
        "another paper's are its own"
    );
    assert!(begin(&world, "a/moi", "t1", 2), "the same once more");
    world.sound();
}

#[test]
fn a_feed_that_moves_or_goes_leaves_its_hub() {
    let world = named(["https://hub.vn/", "", "https://hub.vn/"]);
    assert!(begin(&world, "a/moi", "t1", 3) && begin(&world, "b/moi", "t2", 3));
    assert_eq!(sync(&world, noon()), 0, "nothing has changed");
    let mut moved = sources(&[("a", "moi"), ("a", "cu")]);
    moved[0].feeds[0].url = "https://a.vn/rss/khac.xml".parse().unwrap();
    wait(world.store.sync_sources(&moved, noon())).unwrap();
    let caller = |token| wait(world.store.caller(token)).unwrap();
    assert!(caller("t2").is_none(), "switched off");
    assert_eq!(sync(&world, noon()), 2);
    assert_eq!(sync(&world, noon()), 0);
    let leaving = |now| wait(world.store.claim_unsubscriptions(now, GAP, 1, 9)).unwrap();
    assert_eq!(leaving(noon()).len(), 2);
    for token in ["t1", "t2"] {
        assert!(caller(token).unwrap().secret.is_none());
    }
    assert!(leaving(noon() + GAP).is_empty(), "once was enough");
    assert!(caller("t1").is_none() && caller("t2").is_none());
    assert!(due(&world, noon() + GAP).is_empty());
    world.sound();
}
