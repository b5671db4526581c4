//! Processes of this machine: who we are, whom we drop to, whether a number in a pid file is really ours.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};

/// The unprivileged user PostgreSQL runs as when we are root, which it refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Servant {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Servant {
    /// `nobody` when we are root, else none is needed.
    pub(crate) fn needed() -> Option<Self> {
        rustix::process::geteuid().is_root().then(|| Self { uid: id_of("-u"), gid: id_of("-g") })
    }

    /// Whether this user reaches a folder: asked of the system, which alone knows its access lists.
    pub(crate) fn reaches(self, path: &Path) -> bool {
        let mut test = Command::new("test");
        test.arg("-x").arg(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.dress(&mut test);
        test.status().is_ok_and(|status| status.success())
    }

    /// Makes a command run as this user.
    pub(crate) fn dress(self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid).current_dir("/");
    }

    /// Hands a file or folder to this user.
    pub(crate) fn own(self, path: &Path) -> Result<()> {
        chown(path, Some(self.uid), Some(self.gid)).with_context(|| format!("hand {} to nobody", path.display()))
    }
}

fn id_of(flag: &str) -> u32 {
    let asked = Command::new("id").args([flag, "nobody"]).stderr(Stdio::null()).output();
    asked.ok().and_then(|out| String::from_utf8(out.stdout).ok()?.trim().parse().ok()).unwrap_or(65534)
}

/// Creates a folder with these rights, or sets them on an existing one.
pub(crate) fn folder(path: &Path, mode: u32) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("create {}", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).with_context(|| format!("set the rights of {}", path.display()))
}

/// Program and arguments of a live process; none for a dead one and for one that only waits to be reaped.
pub(crate) fn command_line(pid: i32) -> Option<(PathBuf, String)> {
    if Path::new("/proc/self/cmdline").exists() {
        let raw = fs::read(format!("/proc/{pid}/cmdline")).ok().filter(|raw| !raw.is_empty())?;
        let mut parts = raw.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        let program = PathBuf::from(parts.next()?.into_owned());
        return Some((program, parts.collect::<Vec<_>>().join(" ")));
    }
    let ask = |what: &str| {
        let out = Command::new("ps").args(["-ww", "-o", what, "-p", &pid.to_string()]).output().ok()?;
        let text = String::from_utf8_lossy(&out.stdout).trim().to_owned();
        (!text.is_empty() && !text.starts_with('(') && text != "<defunct>").then_some(text)
    };
    Some((PathBuf::from(ask("comm=")?), ask("command=")?))
}

/// The live process a pid file names, if its command line shows that it works on `folder`. A number alone proves
/// nothing: after a crash it may belong to somebody else.
pub(crate) fn ours(pid_file: &Path, program: &str, folder: &Path) -> Option<i32> {
    let pid = fs::read_to_string(pid_file).ok()?.lines().next()?.trim().parse::<i32>().ok().filter(|pid| *pid > 1)?;
    let (runs, arguments) = command_line(pid)?;
    (runs.file_name() == Some(OsStr::new(program)) && arguments.contains(folder.to_str()?)).then_some(pid)
}

/// Sends a signal; a process that is gone already is fine.
pub(crate) fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _gone = kill_process(pid, signal);
    }
}

/// Waits until a condition holds; false when the time is over.
pub(crate) fn wait_until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if done() {
            return true;
        }
        if start.elapsed() >= limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Ends a child of ours: the signals one after the other, each with its patience, at last without mercy.
pub(crate) fn end(child: &mut Child, steps: &[(Signal, Duration)]) {
    let gone = |child: &mut Child| !matches!(child.try_wait(), Ok(None));
    for (name, patience) in steps {
        if gone(child) {
            return;
        }
        signal(child.id().cast_signed(), *name);
        if wait_until(*patience, || gone(child)) {
            return;
        }
    }
    let _gone = child.kill();
    let _reaped = child.wait();
}

/// Ends a process that is not our child, the same way.
pub(crate) fn end_foreign(is_there: impl Fn() -> Option<i32>, steps: &[(Signal, Duration)]) {
    for (name, patience) in steps.iter().chain(&[(Signal::KILL, Duration::from_secs(2))]) {
        let Some(pid) = is_there() else { return };
        signal(pid, *name);
        if wait_until(*patience, || command_line(pid).is_none()) {
            return;
        }
    }
}

/// The end of a log, for an error line.
pub(crate) fn tail(log: &Path, lines: usize) -> String {
    let text = fs::read(log).map(|raw| String::from_utf8_lossy(&raw).into_owned()).unwrap_or_default();
    let kept: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    kept[kept.len().saturating_sub(lines)..].join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_pid_is_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.pid");
        fs::write(&file, format!("{}\n", std::process::id())).unwrap();
        assert_eq!(ours(&file, "postgres", folder.path()), None);
        fs::write(&file, "not a number").unwrap();
        assert_eq!(ours(&file, "postgres", folder.path()), None);
    }

    #[test]
    fn a_process_on_our_folder_is_ours_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.pid");
        fs::write(&file, "").unwrap();
        let mut child = Command::new("tail").arg("-f").arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        fs::write(&file, format!("{}\n", child.id())).unwrap();
        let seen = || ours(&file, "tail", folder.path());
        assert!(wait_until(Duration::from_secs(5), || seen() == Some(child.id().cast_signed())));
        end(&mut child, &[(Signal::TERM, Duration::from_secs(5))]);
        assert_eq!(seen(), None);
    }
}
