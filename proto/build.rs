//! Compiles every `.proto` under `bildung/` without a system `protoc`.
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=bildung");
    let mut files = Vec::new();
    collect(Path::new("bildung"), &mut files)?;
    files.sort();
    tonic_prost_build::configure().compile_fds(protox::compile(&files, ["."])?)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
