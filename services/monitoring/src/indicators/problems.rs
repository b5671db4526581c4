//! Problem rules at work: a release raises and clears alerts in its own transaction.
use crate::{
    Knowledge,
    disclosure::{Figure, Shown},
    domain::{
        area,
        indicator::Indicator,
        rule::{ProblemRule, Verdict},
    },
    store::{Page, alerts, decimal, values},
};
use bildung_chassis::{Result, Work};
use bildung_proto::events::monitoring::{AlertCleared, AlertRaised, Area, Reference};

/// Applies every rule of an indicator to the periods in which values were released.
///
/// Only the latest period of an area can raise an alert: loading the history must not raise one for every past year. An
/// alert of an earlier period is still cleared when a revision removes its cause.
pub(crate) async fn judge(work: &mut Work, knowledge: &Knowledge, indicator: &Indicator, periods: &[i32]) -> Result<()> {
    for rule in knowledge.rules.iter().filter(|rule| rule.indicator == indicator.id) {
        for code in &rule.areas {
            for period in periods {
                judge_one(work, knowledge, indicator, rule, code, *period).await?;
            }
        }
    }
    Ok(())
}

async fn judge_one(
    work: &mut Work,
    knowledge: &Knowledge,
    indicator: &Indicator,
    rule: &ProblemRule,
    code: &str,
    period: i32,
) -> Result<()> {
    let Some(land) = area::land_of(code) else { return Ok(()) };
    let (label, latest) = values::is_latest(work.tx(), &indicator.id, code, period).await?;
    let Some((own, shown)) = released(work, knowledge, indicator, code, &label).await? else { return Ok(()) };
    let reference = released(work, knowledge, indicator, land, &label).await?;
    let number = |shown: &Shown| shown.figure().value;
    let verdict = rule.judge(number(&shown), reference.as_ref().and_then(|(_, shown)| number(shown)));
    let open = alerts::open(work.tx(), &rule.id, code, period).await?;
    match (verdict, open, reference) {
        (Verdict::Raise(margin), None, Some((reference, reference_shown))) if latest => {
            let (Some(value), Some(reference_value)) = (number(&shown), number(&reference_shown)) else { return Ok(()) };
            let decimals = indicator.decimals as usize;
            let alert = alerts::Raised {
                id: work.id(),
                rule: &rule.id,
                indicator: &indicator.id,
                area: own.area_id,
                period,
                reference_area: reference.area_id,
                value,
                reference: reference_value,
                margin,
                unit: &indicator.unit,
                at: work.now,
            };
            alerts::raise(work.tx(), &alert).await?;
            let fact = AlertRaised {
                alert_id: alert.id,
                rule_id: rule.id.clone(),
                indicator_id: indicator.id.clone(),
                area: Area { code: own.area, name: own.area_name },
                period: label,
                value: format!("{value:.decimals$}"),
                unit: indicator.unit.clone(),
                reference: Reference {
                    area: Area { code: reference.area, name: reference.area_name },
                    value: format!("{reference_value:.decimals$}"),
                },
                margin: format!("{margin:.decimals$}"),
            };
            work.publish(&fact).await?;
        }
        (Verdict::Clear, Some(alert_id), _) => clear(work, alert_id, "value_within_limits").await?,
        (Verdict::Unknown, Some(alert_id), _) => clear(work, alert_id, "value_withdrawn").await?,
        _ => {}
    }
    Ok(())
}

async fn clear(work: &mut Work, alert_id: uuid::Uuid, reason: &str) -> Result<()> {
    let now = work.now;
    alerts::clear(work.tx(), alert_id, now, reason).await?;
    work.publish(&AlertCleared { alert_id, reason: reason.to_owned() }).await?;
    Ok(())
}

/// The released value of an area, as it may be shown: an alert is a way out like any other.
async fn released(
    work: &mut Work,
    knowledge: &Knowledge,
    indicator: &Indicator,
    area: &str,
    period: &str,
) -> Result<Option<(values::Stored, Shown)>> {
    let filter = values::Filter {
        indicator: indicator.id.clone(),
        areas: vec![area.to_owned()],
        periods: vec![period.to_owned()],
        dataset: None,
        states: vec!["released".to_owned()],
    };
    let Some(stored) = values::find(work.tx(), &filter, Page { limit: 1, offset: 0 }).await?.pop() else { return Ok(None) };
    let figure = Figure {
        value: stored.number()?,
        status: stored.status.clone(),
        reason: stored.reason.clone(),
        numerator: decimal(stored.numerator.as_deref())?,
        denominator: decimal(stored.denominator.as_deref())?,
    };
    let shown = knowledge.disclosure.show(knowledge.definitions.origin(&indicator.table), figure);
    Ok(Some((stored, shown)))
}
