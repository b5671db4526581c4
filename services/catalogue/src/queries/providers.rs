//! Questions about providers.
use crate::store::{self, providers::ProviderRow};
use bildung_chassis::{Refusal, Result, Store};
use bildung_proto::rpc::catalogue as wire;
use uuid::Uuid;

/// One provider.
pub(crate) async fn get(store: &Store, id: Uuid) -> Result<wire::Provider> {
    let mut connection = store.pool().acquire().await?;
    let row = store::providers::get(&mut connection, id).await?;
    Ok(view(row.ok_or_else(|| Refusal::not_found("provider_unknown", "there is no such provider"))?))
}

/// Providers with visible offers, by name.
pub(crate) async fn list(store: &Store, page: u32, per_page: u32) -> Result<wire::ListProvidersResponse> {
    let (page, per_page) = (page.max(1), per_page.clamp(1, 100));
    let mut connection = store.pool().acquire().await?;
    let (rows, total) = store::providers::list(&mut connection, i64::from(per_page), i64::from(page - 1) * i64::from(per_page)).await?;
    Ok(wire::ListProvidersResponse { total: total.unsigned_abs(), page, per_page, items: rows.into_iter().map(view).collect() })
}

fn view(row: ProviderRow) -> wire::Provider {
    wire::Provider {
        id: row.id.to_string(),
        name: row.name,
        actor_id: row.actor_id.map(|id| id.to_string()),
        offers: row.offers.unsigned_abs(),
    }
}
