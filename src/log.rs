//! Where events go: the journal when systemd reads us, else stderr. The one place that sets up `tracing`.
