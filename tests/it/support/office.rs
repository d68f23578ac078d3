//! The real binary in an office of its own: a folder with config and data, commands, and the daemon as a child process
//! whose notifications are read from a socket.

use super::origin::{Answer, Origin};
use diembao::store::{Store, wait};
use diembao::text::fold::fold;
use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};
use url::Url;

/// Longer than anything here takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder with a config; it goes with this value.
pub struct Office {
    dir: tempfile::TempDir,
}

impl Office {
    /// An office that reads these feeds, each of a paper of its own (`bao-0/tin`, `bao-1/tin`, …). `more` is put after
    /// the digest's table: further keys of it, or tables.
    pub fn new(feeds: &[Url], more: &str) -> Self {
        let office = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        office.set_feeds(feeds);
        office.set_config(more);
        office
    }

    pub fn set_config(&self, more: &str) {
        let config = format!(
            "[daemon]\ndata_dir = \"data\"\n[fetch]\ncontact = \"quan-tri@tinh.example\"\nmin_interval = \"1s\"\n\
             max_interval = \"1m\"\nrequest_timeout = \"2s\"\nmax_body = \"256KiB\"\naudit = \"off\"\ngap = \"0s\"\n\
             allow_private = [\"127.0.0.0/8\"]\n[article]\npages = false\n[[digest]]\nname = \"hang-ngay\"\n\
             title = \"Điểm báo xây dựng Đảng\"\nat = \"06:30\"\ndays = \"T2-CN\"\ncontact = \"diem-bao@tinh.example\"\n\
             {more}\n"
        );
        fs::write(self.path("diembao.toml"), config).unwrap();
    }

    pub fn set_feeds(&self, feeds: &[Url]) {
        let mut text = String::new();
        for (number, url) in feeds.iter().enumerate() {
            writeln!(
                text,
                "[[source]]\nkey = \"bao-{number}\"\nname = \"Báo {number}\"\ndomain = \"bao-{number}.example\"\n\
                 [[source.feed]]\nkey = \"tin\"\nurl = \"{url}\"\nverified = true\n"
            )
            .unwrap();
        }
        fs::write(self.path("feeds.toml"), text).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The binary with this office's config.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_diembao"));
        command
            .current_dir(self.dir.path())
            .env_remove("NOTIFY_SOCKET")
            .env_remove("JOURNAL_STREAM")
            .args(["--config", "diembao.toml"])
            .args(args);
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// What a command says that must succeed.
    #[track_caller]
    pub fn says(&self, args: &[&str]) -> String {
        let out = self.run(args);
        // `status` looks and says, and its exit code says whether a human is needed.
        let needs_a_human = args.contains(&"status") && out.status.code() == Some(1);
        assert!(
            out.status.success() || needs_a_human,
            "{args:?}: {}\n{}",
            out.status,
            String::from_utf8_lossy(&out.stderr)
        );
        String::from_utf8(out.stdout).unwrap()
    }

    /// A command's JSON, one value a line.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> Vec<serde_json::Value> {
        self.says(args)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// What an admin's `verify` would find: nothing, in a sound database.
    pub fn troubles(&self) -> Vec<String> {
        let store = Store::open(&self.path("data"), fold).unwrap();
        wait(store.verify()).unwrap()
    }

    /// Starts the daemon; the watchdog expects a sign of life each `watchdog`.
    pub fn daemon(&self, watchdog: Duration) -> Daemon {
        let socket_path = self.path("notify");
        let _ = fs::remove_file(&socket_path);
        let socket = UnixDatagram::bind(&socket_path).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_millis(50)))
            .unwrap();
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap();
        let child = self
            .command(&["run"])
            .env("NOTIFY_SOCKET", &socket_path)
            .env("WATCHDOG_USEC", watchdog.as_micros().to_string())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Daemon {
            child,
            socket,
            heard: Vec::new(),
        }
    }

    /// What daemons logged so far.
    pub fn log(&self) -> String {
        let mut text = String::new();
        if let Ok(mut file) = fs::File::open(self.path("log")) {
            file.read_to_string(&mut text).unwrap();
        }
        text
    }

    /// The mails written as files.
    pub fn letters(&self) -> Vec<String> {
        let Ok(dir) = fs::read_dir(self.path("data/outbox")) else {
            return Vec::new();
        };
        dir.map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
            .collect()
    }
}

/// A running daemon; killed with this value.
pub struct Daemon {
    child: Child,
    socket: UnixDatagram,
    /// What it notified, in order.
    pub heard: Vec<String>,
}

impl Daemon {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads notifications until one begins with `what`.
    #[track_caller]
    pub fn hears(&mut self, what: &str) {
        assert!(
            self.hears_within(what, PATIENCE),
            "{what} did not come: {:?}",
            self.heard
        );
    }

    fn hears_within(&mut self, what: &str, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        let mut buffer = [0; 4096];
        while Instant::now() < end {
            let Ok(length) = self.socket.recv(&mut buffer) else {
                continue;
            };
            let before = self.heard.len();
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            self.heard.extend(text.lines().map(str::to_owned));
            if self.heard[before..]
                .iter()
                .any(|line| line.starts_with(what))
            {
                return true;
            }
        }
        false
    }

    /// Sends a signal by name (`TERM`, `HUP`).
    pub fn signal(&self, name: &str) {
        // The shell's own `kill`: a bare machine has no program of that name.
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", self.pid())])
            .status();
        assert!(sent.unwrap().success());
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end.
    #[track_caller]
    pub fn ends(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("the daemon does not end");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Mostly it has ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `look` is true.
#[track_caller]
pub fn until(what: &str, mut look: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !look() {
        assert!(Instant::now() < end, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A feed with items `from..to`: about party work when `party`, each with an address, an id and a date of today.
pub fn feed(origin: &Origin, path: &str, items: std::ops::Range<u32>, party: bool) -> Answer {
    let name = path.trim_matches('/').replace(['/', '.'], "-");
    let item = |number: u32| {
        let link = origin.url(&format!("/bai/{name}-so-{number}.html"));
        let (title, sapo) = if party {
            (
                format!(
                    "Đảng ủy xã Hòa Thuận {number} kết nạp {} đảng viên mới",
                    number + 3
                ),
                format!(
                    "Ban Thường vụ Đảng ủy xã Hòa Thuận {number} vừa tổ chức lễ kết nạp đảng viên tại chi bộ ấp {number}; bí thư chi bộ trao quyết định cho các đảng viên trẻ."
                ),
            )
        } else {
            (
                format!("Giá cá tra ở vựa số {number} nhích lên"),
                format!(
                    "Thương lái ghé vựa số {number} từ sớm, giá mỗi ký cao hơn hôm qua {number} trăm đồng."
                ),
            )
        };
        (link, title, sapo)
    };
    news(items.map(item))
}

/// A feed with these items of today; `(address, headline, lead)`.
pub fn news(items: impl IntoIterator<Item = (url::Url, String, String)>) -> Answer {
    let now = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
    let mut body = String::from("<rss version=\"2.0\"><channel><title>Báo Đồng Bưng</title>");
    for (link, title, sapo) in items {
        write!(
            body,
            "<item><title>{title}</title><link>{link}</link><guid>{link}</guid><pubDate>{now}</pubDate>\
             <description>{sapo}</description></item>"
        )
        .unwrap();
    }
    body.push_str("</channel></rss>");
    Answer::ok(body).header("Content-Type", "application/rss+xml; charset=utf-8")
}
