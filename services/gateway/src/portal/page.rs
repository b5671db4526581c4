//! What every page has: title, language, navigation by role, the form token. Templates extend `layout.html` and have a
//! field `page: Page`.
use crate::{app::App, assets, caller::Caller, problem::Problem, settings::City, theme::Theme};
use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bildung_chassis::Role;
use std::sync::Arc;

/// What every page has.
pub(crate) struct Page {
    /// Title of the page, without the portal's name.
    pub(crate) title: String,
    /// Language tag.
    pub(crate) lang: &'static str,
    /// `ltr` or `rtl`.
    pub(crate) dir: &'static str,
    /// The city's own words.
    pub(crate) city: Arc<City>,
    /// Name of whoever is signed in.
    pub(crate) user: Option<String>,
    /// Ways for everybody.
    pub(crate) nav: Vec<NavItem>,
    /// Every area of the office in the order of the loop, and whether it is open to whoever is signed in.
    pub(crate) stations: Vec<(NavItem, bool)>,
    /// Ways for whoever is signed in, by role.
    pub(crate) office_nav: Vec<NavItem>,
    /// The page belongs to the office.
    pub(crate) office: bool,
    /// The data are made up.
    pub(crate) demo: bool,
    /// Search engines may list it.
    pub(crate) indexed: bool,
    csrf: String,
    theme: Arc<Theme>,
}

/// A way in a navigation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NavItem {
    /// Where to.
    pub(crate) href: &'static str,
    /// What it says.
    pub(crate) label: &'static str,
    /// One line about it.
    pub(crate) hint: &'static str,
    /// Its picture, one of the icons of the style sheet.
    pub(crate) icon: &'static str,
    /// The page is in this area.
    pub(crate) current: bool,
}

/// An area of the office, and whose.
struct Area {
    item: NavItem,
    roles: &'static [Role],
}

const fn area(href: &'static str, label: &'static str, icon: &'static str, hint: &'static str, roles: &'static [Role]) -> Area {
    Area { item: NavItem { href, label, hint, icon, current: false }, roles }
}

/// The steps of the loop, in its order.
const AREAS: &[Area] = &[
    area("/office/data", "Daten", "chart", "Statistiken laden, prüfen und freigeben", &[Role::Analyst, Role::EducationManager]),
    area(
        "/office/measures",
        "Maßnahmen",
        "target",
        "Problemlagen ansehen, Maßnahmen beschließen und verfolgen",
        &[Role::EducationManager, Role::Analyst],
    ),
    area("/office/actors", "Akteure", "people", "Bildungsakteure und wer mit wem zusammenarbeitet", &[Role::EducationManager]),
    area(
        "/office/imports",
        "Angebote importieren",
        "upload",
        "Angebote aus einer Datei übernehmen: erst zur Probe, dann wirklich",
        &[Role::Editor, Role::Provider],
    ),
    area("/office/cases", "Fälle", "hand", "Neuzugewanderte begleiten: Fall öffnen, Einwilligung festhalten, verweisen", CASEWORK),
    area(
        "/office/handovers",
        "Übergaben",
        "link",
        "Fälle übergeben und annehmen, ohne dass einer verloren geht",
        &[Role::Coordinator, Role::Deputy],
    ),
];
const CASEWORK: &[Role] = &[Role::Coordinator, Role::Deputy, Role::Supervisor];
const OFFERS: NavItem = NavItem { href: "/angebote", label: "Angebote", hint: "", icon: "search", current: false };
const OFFICE: NavItem = NavItem { href: "/office", label: "Bildungsbüro", hint: "", icon: "work", current: false };

impl Page {
    /// A page in the caller's language, with the ways open to them.
    pub(crate) fn new(app: &App, caller: &Caller, title: impl Into<String>) -> Self {
        let locale = caller.locale();
        let path = caller.path();
        let at = |item: &NavItem| NavItem { current: path == item.href || path.starts_with(&format!("{}/", item.href)), ..item.clone() };
        let mut nav = vec![at(&OFFERS)];
        let mut office_nav = Vec::new();
        if caller.principal().is_staff() {
            nav.push(at(&OFFICE));
            office_nav.push(NavItem { label: "Übersicht", current: path == OFFICE.href, ..OFFICE.clone() });
            office_nav.extend(AREAS.iter().filter(|area| caller.has_any(area.roles)).map(|area| at(&area.item)));
        }
        let stations = AREAS.iter().map(|area| (area.item.clone(), caller.has_any(area.roles))).collect();
        let office = path == OFFICE.href || path.starts_with("/office/");
        Self {
            title: title.into(),
            lang: locale.tag(),
            dir: locale.dir(),
            city: Arc::clone(&app.city),
            user: caller.session().map(|session| session.name.clone()),
            nav,
            office: office && !office_nav.is_empty(),
            office_nav,
            stations,
            demo: app.demo,
            indexed: !office,
            theme: Arc::clone(&app.theme),
            csrf: caller.session().map(crate::sign_in::session::Session::csrf).unwrap_or_default(),
        }
    }

    /// The page of an error before anybody could be identified.
    pub(crate) fn anonymous(app: &App, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            lang: "de",
            dir: "ltr",
            city: Arc::clone(&app.city),
            user: None,
            nav: vec![OFFERS],
            office: false,
            office_nav: Vec::new(),
            stations: Vec::new(),
            demo: app.demo,
            indexed: false,
            theme: Arc::clone(&app.theme),
            csrf: String::new(),
        }
    }

    /// The address of the city's colours.
    pub(crate) fn theme(&self) -> &str {
        self.theme.href()
    }

    /// The office's telephone number as a link dials it.
    pub(crate) fn phone_digits(&self) -> String {
        self.city.contact_phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
    }

    /// The token that every form carries in the hidden field `csrf`.
    pub(crate) fn csrf(&self) -> &str {
        &self.csrf
    }

    /// The address of an embedded file.
    #[expect(clippy::unused_self, reason = "templates reach it through the page")]
    pub(crate) fn asset(&self, name: &str) -> String {
        assets::href(name)
    }

    /// The style sheet for the direction of writing.
    pub(crate) fn style_sheet(&self) -> &'static str {
        if self.dir == "rtl" { "portal.rtl.css" } else { "portal.css" }
    }

    /// The areas of the office that are open to whoever is signed in.
    pub(crate) fn areas(&self) -> &[NavItem] {
        self.office_nav.get(1..).unwrap_or_default()
    }
}

/// The page as an answer.
pub(crate) fn html(template: &impl Template) -> Result<Response, Problem> {
    html_with(StatusCode::OK, template)
}

/// The page as an answer with another status, such as 422 for a form that needs corrections.
pub(crate) fn html_with(status: StatusCode, template: &impl Template) -> Result<Response, Problem> {
    let text = template.render().map_err(|error| Problem::internal(&anyhow::Error::new(error).context("a page could not be rendered")))?;
    Ok((status, [(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))], text).into_response())
}
