//! The adapters on real layouts: excerpts of our own always, the whole files where they are at hand.
use super::*;
use crate::domain::value::Status;
use rust_decimal::Decimal;
use std::path::PathBuf;

const TABLE: &[u8] = include_bytes!("../../tests/fixtures/21111-02-06-4.csv");
const FLAT: &[u8] = include_bytes!("../../tests/fixtures/12411-01-01-4.csv");

#[derive(Default)]
struct Read {
    series: Vec<Series>,
    areas: Vec<(String, String)>,
    periods: Vec<String>,
    rows: Vec<collector::Row>,
    provenance: Provenance,
    rejected: Vec<Rejected>,
    counts: (u64, u64),
}

fn parse(profile: Profile, file: &[u8]) -> Result<Read, Failure> {
    let definitions = Definitions::embedded().expect("embedded");
    let mut all = Batch::default();
    let mut collector = Collector::new(100, |mut batch| {
        all.series.append(&mut batch.series);
        all.areas.append(&mut batch.areas);
        all.periods.append(&mut batch.periods);
        all.rows.append(&mut batch.rows);
        Ok(())
    });
    read(profile, &definitions, || file, &mut collector)?;
    let (provenance, rejected, counts) =
        (collector.provenance.clone(), collector.rejected.clone(), (collector.read, collector.quarantined));
    drop(collector);
    let periods = all.periods.into_iter().map(|period| period.label).collect();
    Ok(Read { series: all.series, areas: all.areas, periods, rows: all.rows, provenance, rejected, counts })
}

impl Read {
    fn find(&self, area: &str, dimensions: &[(&str, &str)]) -> &collector::Row {
        let matches =
            |series: &Series| dimensions.iter().all(|(code, value)| series.dimensions.get(*code).is_some_and(|held| held == value));
        self.rows
            .iter()
            .find(|row| self.areas[row.area as usize].0 == area && matches(&self.series[row.series as usize]))
            .expect("such a cell")
    }
}

fn shared(path: &str) -> Option<Vec<u8>> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/monitoring").join(path);
    let content = std::fs::read(file).ok();
    if content.is_none() {
        eprintln!("skipped: shared data absent");
    }
    content
}

fn replaced(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(file);
    assert!(text.contains(from), "{from}");
    let changed = text.replacen(from, to, 1);
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(&changed);
    bytes.into_owned()
}

#[test]
fn the_table_gives_each_cell_with_its_place() {
    let read = parse(Profile::GenesisTable, TABLE).expect("readable");
    assert_eq!(read.counts, (8 * 14, 0));
    assert_eq!(read.series.len(), 14);
    assert_eq!(read.periods, ["2023"]);
    let without = read.find("07312", &[("BILABS", "BILABS11"), ("GES", "")]);
    assert_eq!((without.number, without.status, without.line, without.column), (Some(Decimal::from(107)), Status::Value, 14, 6));
    let all = read.find("07312", &[("BILABS", ""), ("GES", "")]);
    assert_eq!((all.number, all.line, all.column), (Some(Decimal::from(1158)), 14, 4));
    let nothing = read.find("07312", &[("BILABS", "BILABS14"), ("GES", "GESW")]);
    assert_eq!((nothing.number, nothing.status, nothing.raw.as_deref()), (None, Status::Nothing, Some("-")));
    let concealed = read.find("03101", &[("BILABS", "BILABS14"), ("GES", "")]);
    assert_eq!((concealed.status, concealed.raw.as_deref()), (Status::Concealed, Some(".")));
    let name = read.areas.iter().find(|(code, _)| code == "07312").map(|(_, name)| name.as_str());
    assert_eq!(name, Some("Kaiserslautern, kreisfreie Stadt"));
}

#[test]
fn the_table_says_where_it_comes_from() {
    let provenance = parse(Profile::GenesisTable, TABLE).expect("readable").provenance;
    assert_eq!(provenance.encoding, "windows-1252");
    assert_eq!(provenance.table.as_deref(), Some("21111-02-06-4"));
    assert_eq!(provenance.stand.as_deref(), Some("13.03.2025 / 16:40:08"));
    assert_eq!(provenance.vintage, Some(jiff::civil::datetime(2025, 3, 13, 16, 40, 8, 0)));
    assert_eq!(provenance.licence.as_deref(), Some("dl-de/by-2-0"));
    assert!(provenance.attribution.is_some_and(|text| text.starts_with("© Statistische Ämter des Bundes und der Länder")));
    assert!(provenance.footnotes.is_some_and(|text| text.contains("zu \"gesamte Tabelle\"") && text.contains("endet")));
}

#[test]
fn bad_rows_and_cells_go_to_quarantine_and_the_rest_is_read() {
    let wrong_number = replaced(TABLE, "1158;580;107", "1158;580;1o7");
    let read = parse(Profile::GenesisTable, &wrong_number).expect("readable");
    assert_eq!(read.counts, (8 * 14, 1));
    let rejected = &read.rejected[0];
    assert_eq!((rejected.line, rejected.column, rejected.reason, rejected.raw.as_str()), (14, 6, "value_unreadable", "1o7"));

    let wrong_key = replaced(TABLE, "2023;07312;", "2023;7312;");
    let read = parse(Profile::GenesisTable, &wrong_key).expect("readable");
    assert_eq!(read.counts, (7 * 14 + 1, 1));
    assert_eq!((read.rejected[0].column, read.rejected[0].reason), (2, "area_unknown"));

    let short = replaced(TABLE, ";488;258", ";488");
    let read = parse(Profile::GenesisTable, &short).expect("readable");
    assert_eq!((read.rejected[0].line, read.rejected[0].reason), (14, "row_width"));
}

#[test]
fn a_renamed_label_is_the_same_series_and_an_unknown_one_fails_the_file() {
    let renamed = replaced(TABLE, "ohne Hauptschulabschluss", "ohne Ersten Schulabschluss");
    let read = parse(Profile::GenesisTable, &renamed).expect("readable");
    assert_eq!(read.find("07312", &[("BILABS", "BILABS11"), ("GES", "")]).number, Some(Decimal::from(107)));
    let keys = |read: &Read| read.series.iter().map(Series::key).collect::<Vec<_>>();
    assert_eq!(keys(&read), keys(&parse(Profile::GenesisTable, TABLE).expect("readable")));

    let unknown = parse(Profile::GenesisTable, &replaced(TABLE, "ohne Hauptschulabschluss", "ohne Abschluss")).err().expect("fails");
    assert_eq!((unknown.code, unknown.place), ("column_unknown", Some((8, 6))));
}

#[test]
fn files_that_are_no_table_fail_as_a_whole() {
    let failure = |file: &[u8]| parse(Profile::GenesisTable, file).err().map(|failure| failure.code);
    assert_eq!(failure(b""), Some("empty"));
    assert_eq!(failure(b"a;b;c\n"), Some("header_unknown"));
    assert_eq!(failure(&TABLE[..300]), Some("no_rows"));
    assert_eq!(failure(&replaced(TABLE, "Auszug;", "\u{81}")), Some("undecodable"));
}

#[test]
fn the_flat_file_gives_each_line_with_its_place() {
    let read = parse(Profile::GenesisFlat, FLAT).expect("readable");
    assert_eq!((read.counts, read.series.len()), ((12, 0), 3));
    assert_eq!(read.provenance.table.as_deref(), Some("12411-01-01-4"));
    assert_eq!((read.provenance.encoding, read.provenance.vintage), ("utf-8", None));
    let all = read.find("07312", &[("GES", "")]);
    assert_eq!((all.number, all.column), (Some(Decimal::from(100_571)), 14));
    let line = FLAT.split(|byte| *byte == b'\n').nth(all.line as usize - 1).expect("such a line");
    assert!(String::from_utf8_lossy(line).contains(";07312;Kaiserslautern, kreisfreie Stadt;GES;Geschlecht;;Insgesamt;100571;"));
    assert_eq!(read.periods, ["2023-12-31"]);
}

#[test]
fn bad_lines_of_a_flat_file_go_to_quarantine() {
    let text = String::from_utf8(FLAT.to_vec()).expect("UTF-8");
    let wrong = text.replacen(";100571;Anzahl", ";100.571;Anzahl", 1).replacen("2023-12-31;KREISE", "Dezember;KREISE", 1);
    let cut = format!("{wrong}12411;cut;off\n");
    let read = parse(Profile::GenesisFlat, cut.as_bytes()).expect("readable");
    let mut reasons: Vec<&str> = read.rejected.iter().map(|rejected| rejected.reason).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["period_unreadable", "row_width", "value_unreadable"]);
    assert_eq!(read.counts, (13, 3));
    let old = "Statistik_Code;Statistik_Label;Zeit_Code;Zeit_Label;Zeit;BEVSTD__Bevoelkerungsstand__Anzahl\n";
    assert_eq!(parse(Profile::GenesisFlat, old.as_bytes()).err().map(|failure| failure.code), Some("header_unknown"));
}

#[test]
fn the_whole_published_table_is_read() {
    let Some(file) = shared("genesis_table_csv/21111-02-06-4.csv") else { return };
    let read = parse(Profile::GenesisTable, &file).expect("readable");
    assert_eq!(read.counts.1, 0, "{:?}", read.rejected);
    assert_eq!(read.counts.0 % 14, 0);
    let cell = |area, abs| read.find(area, &[("BILABS", abs), ("GES", "")]);
    for (area, without, all, line) in [("07312", 107, 1158, 196), ("07", 3318, 38686, 175), ("DG", 55708, 782_423, 10)] {
        assert_eq!((cell(area, "BILABS11").number, cell(area, "BILABS11").line), (Some(Decimal::from(without)), line));
        assert_eq!(cell(area, "").number, Some(Decimal::from(all)));
    }
}

#[test]
fn tables_that_nobody_declared_are_read_by_their_labels() {
    for (path, series) in [("genesis_table_csv/13211-02-05-4.csv", 13), ("genesis_table_csv/82411-01-03-4.csv", 2)] {
        let Some(file) = shared(path) else { return };
        let read = parse(Profile::GenesisTable, &file).expect("readable");
        assert_eq!((read.series.len(), read.counts.1), (series, 0), "{path}: {:?}", read.rejected);
        assert!(read.series.iter().all(|series| !series.unit.is_empty()), "{path}");
    }
}

#[test]
fn the_whole_flat_files_are_read() {
    for (name, lines) in [("2025-04", 1650), ("2025-06", 1650), ("2026-03-10", 1467)] {
        let Some(file) = shared(&format!("ffcsv_new/12411-01-01-4_de__{name}.csv")) else { return };
        let read = parse(Profile::GenesisFlat, &file).expect("readable");
        assert_eq!((read.counts, read.series.len()), ((lines, 0), 3), "{name}: {:?}", read.rejected);
    }
}

#[test]
fn layouts_are_recognised() {
    let auto = |head: &[u8]| Profile::choose("auto", head);
    assert_eq!(auto(TABLE).ok(), Some(Profile::GenesisTable));
    assert_eq!(auto(b"Tabelle: 13211-02-05-4\r\n").ok(), Some(Profile::GenesisTable));
    assert_eq!(auto(FLAT).ok(), Some(Profile::GenesisFlat));
    assert_eq!(auto(b"<html>").map_err(|refusal| refusal.code).err().as_deref(), Some("profile_not_recognised"));
    let old_english = b"statistics_code;statistics_label;time_code;time_label;time;1_variable_code;1_variable_code;BEV__x__number\n";
    assert!(auto(old_english).is_err(), "begins like the new layout, but is the old one");
}

#[test]
fn an_unknown_profile_is_an_unsupported_format() {
    for name in ["px", "nonsense"] {
        assert_eq!(Profile::choose(name, b"").map_err(|refusal| refusal.kind).err(), Some(Kind::UnsupportedFormat));
    }
}
