//! Compiles every `.proto` under `bildung/` without a system `protoc`, and keeps the description of all of them.
use protox::prost::Message as _;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=bildung");
    let mut files = Vec::new();
    collect(Path::new("bildung"), &mut files)?;
    files.sort();
    let descriptors = protox::compile(&files, ["."])?;
    std::fs::write(PathBuf::from(std::env::var("OUT_DIR")?).join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
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
