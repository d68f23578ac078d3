//! The files that the binary carries: what holds where an admin's folder has none of that name.

/// The settings.
pub const DIEMBAO: &str = include_str!("../../config/diembao.toml");
/// The sources and their feeds.
pub const FEEDS: &str = include_str!("../../config/feeds.toml");
/// Holidays.
pub const HOLIDAYS: &str = include_str!("../../config/holidays.toml");
/// The 34 units and their former names.
pub const PROVINCES: &str = include_str!("../../config/provinces.toml");
