//! Privacy notices: published from the settings, never edited.
use crate::{Notice, audit::Attempt, store};
use anyhow::ensure;
use bildung_chassis::{Refusal, Result, Store};

/// Publishes the notices of the settings; refuses one that differs from what was published under its version.
pub(crate) async fn publish(store: &Store, notices: &[Notice]) -> anyhow::Result<()> {
    let mut tx = store.pool().begin().await?;
    for notice in notices {
        let wanted = store::notices::NoticeRow {
            version: notice.version.clone(),
            language: notice.language.clone(),
            title: notice.title.trim().to_owned(),
            body: notice.text.trim().to_owned(),
        };
        store::notices::publish(&mut tx, &wanted, store.clock().now()).await?;
        let published = store::notices::find(&mut tx, &wanted.version, &wanted.language).await?;
        ensure!(
            published.as_ref() == Some(&wanted),
            "the privacy notice version \"{}\" in \"{}\" was already published with another text: give the new text a new version (newcomers.notices)",
            wanted.version,
            wanted.language
        );
    }
    Ok(tx.commit().await?)
}

/// The language in which a notice was shown to somebody who speaks `language`: that, its base language, or German.
pub(crate) async fn language_shown(attempt: &mut Attempt, version: &str, language: &str) -> Result<String> {
    let base = language.split('-').next().unwrap_or(language);
    let wanted = [language.to_owned(), base.to_owned(), "de".to_owned()];
    let shown = store::notices::language_of(attempt.tx(), version, &wanted).await?;
    shown.ok_or_else(|| {
        Refusal::invalid("notice_version_unknown", "no privacy notice was published under this version")
            .field("/notice_version", "not a published version of the privacy notice, see /api/v1/privacy-notices")
            .into()
    })
}
