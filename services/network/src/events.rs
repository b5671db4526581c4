//! Facts of other services that the network acts upon.
use crate::domain::proposal::Alert;
use crate::{Settings, commands};
use bildung_chassis::{Handle, Received, Rejection, Work};
use bildung_proto::events::monitoring::{AlertCleared, AlertRaised};
use std::sync::Arc;

/// Turns problem situations into proposed measures.
#[derive(Clone)]
pub(crate) struct Alerts {
    pub(crate) settings: Arc<Settings>,
}

impl Handle<AlertRaised> for Alerts {
    async fn handle(&self, work: &mut Work, event: Received<AlertRaised>) -> Result<(), Rejection> {
        let raised = event.data;
        let alert = Alert {
            id: raised.alert_id,
            rule_id: raised.rule_id,
            indicator_id: raised.indicator_id,
            area_code: raised.area.code,
            area_name: raised.area.name,
            period: raised.period,
            value: raised.value,
            unit: raised.unit,
            reference_area_code: raised.reference.area.code,
            reference_area_name: raised.reference.area.name,
            reference_value: raised.reference.value,
            margin: raised.margin,
            raised_at: event.time,
            cleared_at: None,
            cleared_reason: String::new(),
        };
        Ok(commands::alerts::raised(work, &self.settings, &alert, event.sequence).await?)
    }
}

impl Handle<AlertCleared> for Alerts {
    async fn handle(&self, work: &mut Work, event: Received<AlertCleared>) -> Result<(), Rejection> {
        let cleared = event.data;
        Ok(commands::alerts::cleared(work, cleared.alert_id, &cleared.reason, event.time, event.sequence).await?)
    }
}
