#!/usr/bin/env python3
"""Judges search queries over real course titles by rule and writes judgements.json.

    python3 tests/search/judge.py            # writes judgements.json
    python3 tests/search/judge.py --check    # fails when judgements.json is not what this gives
    python3 tests/search/judge.py --source FILE

What is relevant follows from the texts and from the lists below alone. No search engine is asked: a judgement that comes from
an engine's answer would only measure how well the engine agrees with itself.
"""

import argparse
import hashlib
import json
import pathlib
import re
import sys
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SOURCE = "../shared/data/catalogue/open-vhs/berlin-vhs-2020_nancologist_d678268.json"
OUTPUT = HERE / "judgements.json"

WORD = re.compile(r"[^\W_]+")

# Enough of each class that a class can be reported by itself.
LEAST = {"exact": 30, "inflection": 30, "compound head": 30, "compound first part": 30, "typo": 30, "umlaut": 30,
         "synonym": 25, "other language": 30, "place": 25, "nonsense": 20}

# --- The lists, decided by hand ---------------------------------------------------------------------------------------------

# Words as they stand in titles or subtitles: from one record to about two hundred, from all subject areas.
EXACT = """
Deutsch Englisch Beratung Spanisch Prüfung Integrationskurs Bildungsurlaub Italienisch Französisch Anfänger Excel Workshop Alltag
Yoga Pilates Word Malen Portugiesisch Einbürgerung Android Smartphone Photoshop Zeichnen WordPress Orientierungskurs Arabisch
Zuwanderer Fotografie Computer Programmierung Outlook Python Mütter InDesign Meditation Japanisch Tanz Bildbearbeitung Hebräisch
Grammatik Küche Feldenkrais Frauen Internet Polnisch Konversation Tastschreiben Fitness Taijiquan Unternehmen PowerPoint
Russisch Rhetorik Keramik Natur Ivrit Alphabetisierung Türkisch Java Coaching Marketing Webseitengestaltung Sprachtest
Projektmanagement Tango Niederländisch Schwedisch Theater Webdesign AutoCAD Finanzbuchführung Stressbewältigung Entspannung
Massage Instagram Facebook Garten Datenbanken Achtsamkeit Qigong Gymnastik Mediation Robotik Griechisch Persisch Kräuter
Gebärdensprache Einkommensteuererklärung Stenografie Nähen Linux Zumba Filzen Autismus Wirbelsäule Speckstein Hypnose
Flamenco Goldschmieden Gitarre Burnout Shiatsu Änderungsschneiderei Vietnamesisch Statistik Karaoke Siebdruck Linolschnitt
Fahrrad Jonglieren Osteoporose Podcast Schminken Sushi Mathematik Arbeitsrecht Demokratie Pilzkunde Upcycling Selbstverteidigung
"""

# lemma and its forms as they stand in titles, subtitles or keywords | forms that are asked. The rule for a question in another
# form: every record with any form of the lemma. A form is asked only when it is not the lemma's usual form in the titles.
FORMS = """
kurs kurses | Kurse Kursen
film films | Filme
team teams | Teams
beruf berufe | Berufe
zeit zeiten | Zeiten
sommer sommers | Sommers
veranstaltung veranstaltungen | Veranstaltungen
podcast podcasts | Podcasts
marketing marketings | Marketings
russisch russische | russischen
sprache sprachen | Sprachen
frau: frauen | Frau
mann: männer | Mann Männern
kind kinder kindern | Kind Kindes
mutter: mütter | Mutter Müttern
nähen genäht | genäht näht
üben geübte | üben geübt
kochen | kocht gekocht
malen | malt gemalt
zeichnen | zeichnet gezeichnet
schreiben schreibt schreibens | schreibt geschrieben
sprechen | spricht gesprochen
lernen | gelernt
lesen lesens | liest gelesen
fotografieren | fotografiert
programmieren | programmiert
gestalten | gestaltet
singen | gesungen singt
spielen | spielt
filzen | gefilzt
führen führe | führt
tanz tänze | Tänze Tänzen
garten | Gärten
tag tage tagen tages | Tages
woche wochen | Wochen
prüfung | Prüfungen
lied: lieder | Lied Liedern
gerät geräte | Gerät Geräten
hand: hände | Hand Händen
stadt | Städte
tabelle: tabellen | Tabelle
projekt projekte | Projekt Projekten
verein: vereine vereinen | Verein Vereins
smartphone smartphones | Smartphones
tablet tablets | Tablet
webseite: webseiten | Webseite
website websites | Websites
laptop laptops | Laptops
formel: formeln | Formel
formular: formulare formularen | Formular
diagramm: diagramme | Diagramm
skulptur: skulpturen | Skulptur
pflanze: pflanzen | Pflanze
tier: tiere | Tier Tieren
stimme | Stimmen
reise | Reisen
anfänger anfängerinnen | Anfängerin Anfängern
schüler schülerinnen | Schülerin Schülern
senior senioren | Senior
körper körpers | Körpers
workshop workshops | Workshops
seminar seminare | Seminaren
präsentation präsentationen | Präsentationen
konflikt: konflikte | Konflikt Konflikten
farbe farben | Farben
kraut kräuter | Kräutern
datenbank datenbanken | Datenbank
vorlage: vorlagen | Vorlage
übung: übungen | Übung
modul modulen | Module
existenzgründer | Existenzgründern
muttersprachler | Muttersprachlern
kurzgeschichte: kurzgeschichten | Kurzgeschichte
text: texte texten | Text
massage | Massagen
spanisch spanische spanisches | spanischen
französisch französische französisches | französischen
italienisch italienische italienischer | italienischen
deutsch deutsche deutschen | deutschem
türkisch türkische | türkischen
arabisch arabische | arabischen
japanisch japanische japanischen | japanischer
digital digitale digitalen digitaler digitales | digital
modern moderne moderner modernes | modern
kreativ kreative kreatives | kreativ
vegetarisch vegetarische vegetarischer vegetarisches | vegetarische
persisch persische | persische
zertifikat | Zertifikate
mitarbeiter | Mitarbeitern
wirbelsäule | Wirbelsäulen
kamera | Kameras
präsentieren | präsentiert
technik techniken | Techniken
entspannen entspannt entspannten entspannter | entspannen
"""

# word: compounds with this word as their head. Looked through by hand: no Aufführung under Führung, no Aussprache under Sprache.
HEADS = """
Kurs: abendkurs anfängerkurs aufbaukurs auffrischungskurs basiskurs berufssprachkurs brückenkurs computerkurs crashkurs deutschkurs deutschkurse einführungskurs einsteigerkurs einstiegskurs elternkurs elternkurse ergänzungskurs ferienkurs grundkurs grundlagenkurs heilpflanzenkurs integrationskurs intensivkurs intensivwochenendkurs kochkurs kompaktkurs konversationskurs malkurse mappenkurs minikurs minisprachkurs onlinekurs orientierungskurs projektkurs schnellkurs schnupperkurs schreibkurs sommerferienkurs sommerkurs tageskurs teilzeitkurs theaterkurs trainingskurs vollzeitkurs werkstattkurs wiederholerkurs wochendenkurs wochenendkompaktkurs wochenendkurs wochenkurs zweitschriftlernerkurs
Sprachkurs: berufssprachkurs minisprachkurs
Workshop: ferienworkshop grammatikworkshop gründerworkshop intensivworkshop nähworkshop sommerworkshop theaterworkshop wochenendworkshop
Seminar: aufbauseminar basisseminar grundlagenseminar kompaktseminar praxisseminar präsenzseminar psychoseseminar spezialseminar vertiefungsseminar wochenendseminar
Training: aussprachetraining beckenbodentraining bewerbungstraining deeskalationstraining elterntraining entscheidungstraining faszientraining fitnesstraining gedächtnistraining grammatiktraining hörtraining intensivtraining kreativitätstraining moderationstraining präsentationstraining präsenztraining prüfungstraining rückentraining sprechtraining teamtraining telefontraining verhandlungstraining verkaufstraining
Werkstatt: bildhauerwerkstatt drehbuchwerkstatt druckwerkstatt filmwerkstatt fotowerkstatt glasperlenwerkstatt keramikwerkstatt schmuckwerkstatt schreibwerkstatt sommerwerkstatt
Sprache: bildsprache fachsprache familiensprache filmsprache fremdsprache gebärdensprache körpersprache kurssprachen programmiersprache unterrichtssprache zweitsprache
Fotografie: analogfotografie chipfotografie farbfotografie filmfotografie portraitfotografie stadtfotografie
Bearbeitung: audiobearbeitung bildbearbeitung fotobearbeitung textverarbeitung
Gestaltung: bildgestaltung holzgestaltung mediengestaltung textilgestaltung webseitengestaltung websitegestaltung
Massage: babymassage fussreflexzonenmassage wellnessmassage wohlfühlmassagen
Malerei: acrylmalerei aquarellmalerei ölmalerei
Malen: aktmalen
Schreiben: computerschreiben tastaturschreiben tastschreiben
Zeichnen: aktzeichnen architekturzeichnen comiczeichnen modezeichnen
Buchhaltung: finanzbuchhaltung
Buchführung: finanzbuchführung vereinsbuchführung
Führung: gesprächsführung kameraführung mitarbeiterführung personalführung
Küche: blitzküche gemüseküche jahreszeitenküche sommerküche
Urlaub: bildungsurlaub
Arbeit: atemarbeit büroarbeit öffentlichkeitsarbeit pressearbeit projektarbeit rollenarbeit
Test: abschlusstest deutschtest einbürgerungstest sprachtest
Prüfung: mittelstufenprüfung orientierungskursprüfung
Veranstaltung: bildungsurlaubsveranstaltung infoveranstaltung
Technik: alexandertechnik collagetechnik heizungstechnik lichttechnik relieftechnik arbeitstechniken basistechniken farbtechniken führungstechniken kommunikationstechniken kreativitätstechniken maltechniken moderationstechniken schreibtechniken zeichentechniken
Tanz: folkloretanz gesellschaftstanz gesellschaftstänze
Theater: bewegungstheater improtheater improvisationstheater tanztheater
Reise: entdeckungsreise fastenreise malreise weltreise
Bildung: familienbildung fortbildung grundausbildung grundbildung stimmbildung trainerausbildung weiterbildung
Ausbildung: grundausbildung trainerausbildung
Beratung: energieberatung ernährungsberatung sprachenberatung typberatung
Schule: hochschule kochschule kunsthochschule rückenschule schauspielschule
Zertifikate: sprachenzertifikate
Entwicklung: kostenentwicklung organisationsentwicklung personalentwicklung quartiersentwicklung stimmentwicklung
Schnitt: farbholzschnitt grundschnitt holzschnitt linolschnitt videoschnitt
Kamera: digitalkamera systemkamera
Abrechnung: gehaltsabrechnung lohnabrechnung
Bewältigung: konfliktbewältigung stressbewältigung
Film: animationsfilms kurzfilm
Management: besprechungsmanagement eventmanagement gesundheitsmanagement konfliktmanagement kulturmanagement projektmanagement selbstmanagement wissensmanagement zeitmanagement
Design: grafikdesign kommunikationsdesign mediendesign screendesign webdesign
Marketing: mailmarketing socialmediamarketing
Kunst: fächerkunst glaskunst kleinkunst kochkunst papierkunst redekunst redezeichenkunst schwertkunst
Gespräch: kritikgespräche verkaufsgespräche vorstellungsgespräch
Vortrag: bildungsvortrag infovortrag
Buch: bilderbücher drehbuch fotobuch sachbuch
Park: schlosspark volkspark
Gymnastik: fitnessgymnastik spezialgymnastik wirbelsäulengymnastik
Kenntnisse: akkordkenntnissen grundkenntnissen programmierkenntnisse sprachkenntnisse vorkenntnisse vorkenntnissen
Schrift: eilschrift engschrift geheimschrift kurzschrift schnellschrift verkehrsschrift zweitschrift
Geschichte: kulturgeschichte stadtteilgeschichte
Geschichten: kurzgeschichten zeitgeschichten
Recht: arbeitsrecht steuerrecht
Verwaltung: bildverwaltung datenbankverwaltung dokumentverwaltung
Förderung: deutschförderung
Steuererklärung: einkommensteuererklärung
Analysen: datenanalysen
Programmierung: datenbankprogrammierung makroprogrammierung
Kalkulation: tabellenkalkulation
Ferien: sommerferien
Modul: aufbaumodul bassismodul erweiterungsmodul
Termin: glasurtermin kochtermin prüfungstermin
Wochenende: keramikwochenende nähwochenende
Stufe: grundstufe mittelstufe
Griechisch: neugriechisch
Filzen: sommerfilzen trockenfilzen
Coaching: teamcoaching
Keramik: giesskeramik
Alltag: berufsalltag büroalltag
Porträt: selbstporträt
Stadt: hafenstadt hauptstadt
Skulptur: papierskulpturen
Farbe: acrylfarben ölfarben
Vorlage: dokumentvorlagen formatvorlagen mustervorlagen
Übung: gesprächsübungen partnerübung
Tag: gesundheitstag lesetage praxistag todestag
Woche: aufrischungswoche intensivwoche
Stimme: singstimme
Gerät: kleingeräten
Kind: kleinkindern
Lernen: sprachenlernen
Unternehmen: kleinunternehmen
Yoga: triyoga
Spielen: theaterspielen
"""

# word: compounds with this word as their first part, whatever the linking element. Looked through by hand: no Deutschland under
# Deutsch, no Buchbar under Buch, no Bildung under Bild. A hyphen leaves the first part alone: "Stimm- und Sprechtraining".
FIRSTS = """
Sprache: sprachenberatung sprachenlernen sprachenzertifikate sprachkenntnisse sprachtest
Deutsch: deutschförderung deutschkurs deutschkurse deutschlernende deutschtest
Kurs: kursangebot kursleitende kursleiter kursleiterinnen kursreihe kurssprachen
Integration: integrationskurs
Einbürgerung: einbürgerungstest
Orientierung: orientierungskurs orientierungskursprüfung
Prüfung: prüfungstermin prüfungstraining prüfungsvorbereitung
Bildung: bildungsprämie bildungsurlaub bildungsurlaubsgesetz bildungsurlaubsveranstaltung bildungsvortrag
Beruf: berufsalltag berufsbezogene berufsbild berufssprachkurs
Eltern: elternakademie elternkurs elternkurse elterntraining
Kinder: kinderbauernhof kinderbauernhöfe kinderbeaufsichtigung kinderkleidung
Sommer: sommerakademie sommerferien sommerferienkurs sommerfilzen sommerkurs sommerküche sommermenü sommerspezial sommerwerkstatt sommerworkshop
Wochenende: wochenend wochenendkompaktkurs wochenendkurs wochenendseminar wochenendworkshop
Abend: abendkurs
Foto: fotoapparat fotobearbeitung fotobuch fotoherbst fotokalender fotomanager fotomontagen fotorealistisches fotowerkstatt
Film: filmabenteuer filmfotografie filmproduktion filmschauspiel filmsprache filmwerkstatt
Bild: bildablage bildbearbeitung bildbearbeitungsprogrammen bilderbücher bildgestaltung bildoptimierung bildsprache bildverwaltung
Web: webdesign webeditoren webgrafik weblogs webseiten webseitengestaltung webserver website websitegestaltung websites
Computer: computerclub computerkurs computernetze computerschreiben
Daten: datenanalysen datenaustausch datenauswertung datenbank datenbankanwendungen datenbanken datenbankprogrammierung datenbankverwaltung datenlisten datenrettung datensicherheit datensicherung
Datenbank: datenbankanwendungen datenbankprogrammierung datenbankverwaltung
Büro: büroalltag büroarbeit büroorganisation
Tabelle: tabellenkalkulation
Medien: mediendesign mediengestaltung
Kommunikation: kommunikationsdesign kommunikationsinstrumente kommunikationstechniken
Konflikt: konfliktbewältigung konfliktmanagement konfliktvermittlung
Steuer: steuererklärung steuerpraxis steuerrecht
Einkommen: einkommensteuererklärung
Lohn: lohnabrechnung
Gehalt: gehaltsabrechnung
Projekt: projektarbeit projektgruppen projektkurs projektmanagement projektteams
Personal: personalentwicklung personalführung
Grundlagen: grundlagenkurs grundlagenlehrgang grundlagenseminar
Anfänger: anfängerkurs
Einsteiger: einsteigerkurs
Schreiben: schreibkurs schreibtalent schreibtechniken schreibwerkstatt
Grammatik: grammatiktraining grammatikworkshop
Konversation: konversations konversationskurs
Aussprache: aussprachetraining
Stimme: stimm stimmbildung stimmentwicklung
Sprechen: sprecherziehung sprechtraining
Theater: theateraufführung theaterkurs theaterspielen theatersprachprojekt theaterworkshop
Tanz: tanzelementen tanzimprovisation tanztheater
Gitarre: gitarrenspiel
Malen: malkurse malreise maltechniken
Acryl: acrylfarben acrylmalerei
Aquarell: aquarellmalerei
Öl: ölfarben ölmalerei
Kunst: kunstguss kunsthandwerk kunsthochschule kunstmarkt kunsttheorie
Keramik: keramikwerkstatt keramikwochenende
Glas: glaskunst glasperlen glasperlenwerkstatt glasverschmelzung
Schmuck: schmuckarbeiten schmucksteine schmuckstücken schmuckwerkstatt
Holz: holzbildhauerei holzgestaltung holzschnitt holzverbindung
Nähen: nähstübchen nähwochenende nähworkshop
Kochen: kochkunst kochkurs kochschule kochtermin
Kräuter: kräuterzeit
Pflanzen: pflanzenheilkunde
Wirbelsäule: wirbelsäulengymnastik
Rücken: rückenschule rückentraining
Fitness: fitnessgymnastik fitnesstraining
Bewegung: bewegungsfreiheit bewegungsschärfe bewegungsstudien bewegungstheater
Stress: stressbewältigung
Gedächtnis: gedächtnistraining
Gesundheit: gesundheitsmanagement gesundheitspflege gesundheitstag gesundheitszentrum
Körper: körpersprache
Familie: familienbildung familiensprache
Pflege: pflegefamilie
Stadt: stadtfotografie stadtteilgeschichte
Reise: reisejournalismus reisekoffer
Schule: schulbauoffensive schulsystem
Verein: vereinsbuchführung vereinsgründung
Presse: pressearbeit pressemitteilung
Suchmaschine: suchmaschinen suchmaschinenoptimierung
Mitarbeiter: mitarbeiterführung
Gespräch: gesprächsführung gesprächsübungen
Moderation: moderationstechniken moderationstraining
Präsentation: präsentationstraining
Team: teamcoaching teamdynamik teamtraining
Ferien: ferienkurs ferienworkshop
Zeit: zeitmanagement
Vorstellung: vorstellungsgespräch
Bewerbung: bewerbungstraining
Finanzen: finanzbuchführung finanzbuchhaltung finanzwirtschaft
Existenz: existenzgründer existenzgründung
Öffentlichkeit: öffentlichkeitsarbeit
Veranstaltung: veranstaltungsreihe
Akt: aktmalen aktmodellieren aktzeichnen
Improvisation: improvisationstheater
Makro: makroprogrammierung
Bildungsurlaub: bildungsurlaubsgesetz bildungsurlaubsveranstaltung
Bildbearbeitung: bildbearbeitungsprogrammen
Alltag: alltagssituationen
Einführung: einführungskurs
Internet: internethandel
Text: textverarbeitung
Tag: tageskurs
Woche: wochenkurs
Webseite: webseitengestaltung
Website: websitegestaltung
Kamera: kameraführung
Pilates: pilatesball
Yoga: yogakissen
Tier: tierfreunde
Lernen: lernformat lernportal lernschwierigkeiten lerntempo
Mittelstufe: mittelstufenprüfung
Orientierungskurs: orientierungskursprüfung
"""

# Everyday words that stand in no title: the words that do. "a+b": both words in one record.
SYNONYMS = """
Handy: smartphone android iphone
Mobiltelefon: smartphone android iphone
Fotos: fotografie fotografieren foto
Turnen: gymnastik
Rechenkurs: rechnen mathematik mathe
Einwanderer: zuwanderer
Flüchtlinge: geflüchtete
Neuzugewanderte: zuwanderer geflüchtete
Schneiderei: schneidern nähen änderungsschneiderei
Schneiderkurs: schneidern nähen änderungsschneiderei
Töpfern: keramik ton
Töpferei: keramik ton
Internetseite: webseite website homepage
Internetauftritt: webseite website homepage webseitengestaltung websitegestaltung
Firmengründung: existenzgründung existenzgründer
Selbständigmachen: existenzgründung existenzgründer
Firma: unternehmen
Rentner: senior ältere
Rückenschmerzen: rücken wirbelsäule
Kreuzschmerzen: rücken wirbelsäule
Schattenboxen: taijiquan tai+ji
Zehnfingersystem: tastschreiben tastaturschreiben
Maschinenschreiben: tastschreiben tastaturschreiben computerschreiben
Orthografie: rechtschreibung
Streit: konflikt
Streitschlichtung: mediation konfliktvermittlung
Kampfsport: krav+maga selbstverteidigung jiu+jitsu
Staatsbürgerschaft: einbürgerung
Staatsangehörigkeit: einbürgerung
Analphabeten: alphabetisierung alpha
Holländisch: niederländisch
Iranisch: persisch farsi
Mandarin: chinesisch
Wasserfarben: aquarell aquarellieren
Heilkräuter: heilpflanzenkurs pflanzenheilkunde kräuter
Jobinterview: vorstellungsgespräch
Jobsuche: bewerbung vorstellungsgespräch
Freiwilligenarbeit: ehrenamt ehrenamtliche ehrenamtlichen
Freiwillige: ehrenamt ehrenamtliche ehrenamtlichen
Vegetarier: vegetarisch
Fleischlos: vegetarisch
Stressabbau: stressbewältigung entspannung
Gehirnjogging: gedächtnistraining
Merkfähigkeit: gedächtnistraining
Gesangsunterricht: singen gesang singstimme
Coden: programmieren programmierung
Softwareentwicklung: programmieren programmierung
Zeitplanung: zeitmanagement
Redner: rhetorik redekunst
Gehörlose: gebärdensprache dgs
Steuererklären: steuererklärung
Gehaltszettel: lohnabrechnung gehaltsabrechnung lohn
Grafikprogramm: photoshop illustrator indesign
Digicam: digitalkamera
Schauspielerei: schauspiel schauspieler theater
Schauspielunterricht: schauspiel schauspieler theater
Bildhauern: steinbildhauen bildhauerwerkstatt holzbildhauerei skulptur bildhauerei
Internetwerbung: suchmaschinenoptimierung seo mailmarketing socialmediamarketing
Erschöpfung: burnout
"""

# language | question | German words (and what stands untranslated in titles) that answer it.
LANGUAGES = """
en | German course | deutsch
en | learn German | deutsch
en | Spanish | spanisch
en | sewing | nähen
en | cooking | kochen küche
en | painting | malen malerei
en | drawing | zeichnen
en | photography | fotografie fotografieren
en | pottery | keramik ton
en | dance | tanz
en | citizenship test | einbürgerungstest einbürgerung
en | exam | prüfung
en | sign language | gebärdensprache dgs
en | stress management | stressbewältigung
en | bookkeeping | buchführung finanzbuchführung buchhaltung finanzbuchhaltung
uk | курс німецької | deutsch
uk | німецька мова | deutsch
uk | англійська мова | englisch
uk | малювання | malen zeichnen
uk | шиття | nähen schneidern
uk | комп'ютер | computer pc edv
uk | йога | yoga
uk | іспит | prüfung
ru | курсы немецкого языка | deutsch
ru | немецкий | deutsch
ru | английский язык | englisch
ru | рисование | malen zeichnen
ru | шитьё | nähen schneidern
ru | фотография | fotografie fotografieren
ru | танцы | tanz
ar | دورة اللغة الألمانية | deutsch
ar | اللغة الألمانية | deutsch
ar | اللغة الإنجليزية | englisch
ar | خياطة | nähen schneidern
ar | طبخ | kochen küche
ar | حاسوب | computer pc edv
ar | الرسم | malen zeichnen
tr | almanca kursu | deutsch
tr | Almanca | deutsch
tr | İngilizce | englisch
tr | dikiş | nähen schneidern
tr | yemek pişirme | kochen küche
tr | bilgisayar | computer pc edv
tr | entegrasyon kursu | integrationskurs
tr | fotoğrafçılık | fotografie fotografieren
fa | زبان آلمانی | deutsch
fa | آموزش آلمانی | deutsch
fa | آشپزی | kochen küche
fa | خیاطی | nähen schneidern
fa | نقاشی | malen malerei zeichnen
fa | کامپیوتر | computer pc edv
fr | cours d'allemand | deutsch
fr | allemand | deutsch
fr | anglais | englisch
fr | couture | nähen schneidern
fr | peinture | malen malerei
fr | ordinateur | computer pc edv
fr | comptabilité | buchführung finanzbuchführung buchhaltung finanzbuchhaltung
pl | kurs niemieckiego | deutsch
pl | język niemiecki | deutsch
pl | język angielski | englisch
pl | gotowanie | kochen küche
pl | szycie | nähen schneidern
pl | komputer | computer pc edv
pl | kurs integracyjny | integrationskurs
ro | curs de germană | deutsch
ro | limba germană | deutsch
ro | limba engleză | englisch
ro | gătit | kochen küche
ro | croitorie | nähen schneidern
ro | pictură | malen malerei
ro | calculator | computer pc edv
"""

# Places as the records' venues name them: district, house, street or postcode.
PLACES = """
Neukölln | Schöneberg | Lichtenberg | Mariendorf | Rudow | Lichtenrade | Friedenau | Frohnau | Buckow | Tempelhof | Pankow | Steglitz
Gropiusstadt | Lichterfelde | Schmargendorf | Lankwitz | Düppel | Prinzregentenstraße | Hohenzollerndamm | Borsigturm | Schäfersee
Fontane-Haus | Britzer Garten | Barbarossaplatz | Baumschulenstraße | Linienstraße | Turmstraße | Frankfurter Allee | Boddinstraße
Pestalozzistraße | Karlsgartenstraße | Alte Dorfschule | Rathaus Schöneberg | Kurt-Löwenstein-Haus | HermannQuartier
Zitadelle Spandau | Seddiner See | Antonplatz | Kurmark | 10781 | 12437 | 10115 | 10715 | 12049 | 10369 | 12627 | 13507
"""

# word(s) and place in one question: both conditions hold.
AT_PLACE = """
Deutsch | Neukölln
Deutsch | Schöneberg
Deutsch | Lichtenberg
Deutsch | 12437
Integrationskurs | Schöneberg
Englisch | Schöneberg
Englisch | Lichtenberg
Spanisch | Schöneberg
Spanisch | Lichtenberg
Französisch | 10715
Yoga | Schöneberg
Yoga | Neukölln
Pilates | Neukölln
Japanisch | Linienstraße
Excel | Schöneberg
Excel | Linienstraße
Malen | Schöneberg
Zeichnen | Schöneberg
Einbürgerung | Neukölln
Keramik | Schöneberg
Smartphone | 12437
Küche | Neukölln
Tango | Schöneberg
Arabisch | Schöneberg
Photoshop | Schöneberg
Nähen | Schöneberg
Rhetorik | Neukölln
Deutsch | Pestalozzistraße
Keramik | Linienstraße
Küche | Hohenzollerndamm
Tanz | Lichtenberg
Englisch | 12627
"""

# A word with an umlaut or an ss/ß that stands in titles | further spellings besides the two that are made from it.
UMLAUTS = """
Rücken | Ruecken
Nähen
Prüfung
Französisch
Anfänger
Einführung
Geflüchtete
Einbürgerung
Mütter
Geräte
Hebräisch
Küche
Türkisch
Schüler
Niederländisch
Präsentieren
Stressbewältigung | Streßbewältigung
Finanzbuchführung
Porträt
Büro
Kräuter
Existenzgründung
Gebärdensprache
Vorstellungsgespräch
Steuererklärung
Wirbelsäule
Gedächtnistraining
Dänisch
Konfliktbewältigung
Änderungsschneiderei
Ölmalerei
Öffentlichkeitsarbeit
Fußreflexzonenmassage
Süßigkeiten
Zähneputzen
Körpersprache
"""

# Strings that stand in no text of the source, not even within a word.
NONSENSE = """
xqzvwk | blorfnitz | qqqqwwww | zzyxlpt | Wumbelquarz | fjdkslaq | asdfghjkl | Krimpfelzast | ploxinabur | vvvbnm | Quorxel
Schnurbelfax | 99887766554 | ghtzrqp | Flimpworz | yxcvbnmpo | Trolfzungrat | mnbvcxy | Gnarzwimpel | hjklöqwz | Ypsolqix
Drubbelknox qvzt | wqopxz | Zquarflemm | uiopüqx jkqw | Bnurgxel | pqpqpqpq | Xylfurzing | rtzgvbq | 0x7fqz93kk
"""

# Words that get a typo; each gets two of the four kinds.
MISTYPED = """
Integrationskurs Italienisch Französisch Spanisch Englisch Einbürgerung Portugiesisch Fotografie Photoshop Smartphone Programmierung
Meditation Japanisch Bildbearbeitung Konversation Grammatik Feldenkrais Rhetorik Keramik Alphabetisierung Projektmanagement
Niederländisch Webdesign Finanzbuchführung Entspannung Massage Gymnastik Mediation Gebärdensprache Stenografie Workshop Computer
"""

# Keys beside a key on the German QWERTZ keyboard.
ROWS = ("qwertzuiopü", "asdfghjklöä", "yxcvbnm")

# --- Reading ----------------------------------------------------------------------------------------------------------------


def words(text):
    """Lower-case words; ß becomes ss, so that it never decides."""
    return WORD.findall(unicodedata.normalize("NFC", text or "").casefold())


def place_words(text):
    """Words of an address; the abbreviated street is written out."""
    return [re.sub(r"(?<=.)str$", "strasse", word) for word in words(text)]


class Record:
    """What of a course is judged. Its texts are looked at, never written out."""

    def __init__(self, raw):
        keywords = raw.get("schlagwort") or []
        venue = raw.get("veranstaltungsort") or {}
        address = venue.get("adresse") or {}
        self.id = raw["guid"]
        self.title = set(words(raw["name"])) | set(words(raw["untertitel"]))
        self.card = self.title | {word for keyword in keywords for word in words(keyword)}
        where = [venue.get("name")] + [address.get(key) for key in ("strasse", "plz", "ort")]
        self.place = {word for text in where for word in place_words(text)}
        texts = [part.get("text") or "" for part in raw.get("text") or []]
        every = " ".join([raw["name"], raw["untertitel"] or "", *keywords, *texts, *(text or "" for text in where)])
        self.all = unicodedata.normalize("NFC", every).casefold()


def read(path):
    with open(path, encoding="utf-8") as file:
        return [Record(raw) for raw in json.load(file)["veranstaltungen"]["veranstaltung"]]


def lines(block):
    return [line.strip() for line in block.strip().splitlines()]


def cells(block):
    return [cell.strip() for line in lines(block) for cell in line.split("|") if cell.strip()]


def lists(block):
    """`word: a b c` per line, as word -> [a, b, c]."""
    return {head.strip(): rest.split() for head, rest in (line.split(":") for line in lines(block))}


# --- Words ------------------------------------------------------------------------------------------------------------------


class Lexicon:
    """The hand-written lists, asked by word."""

    def __init__(self):
        self.asked = []
        self.forms = {}
        for line in lines(FORMS):
            left, right = line.split("|")
            # "frau: frauen" is a lemma that itself stands nowhere; "kurs kurses" one that does.
            lemma, found = left.split(":") if ":" in left else (left.split()[0], left)
            self.forms[lemma] = set(found.split())
            self.asked += [(query, lemma) for query in right.split()]
        self.lemma = {form: lemma for lemma, forms in self.forms.items() for form in forms | {lemma}}
        self.heads = lists(HEADS)
        self.firsts = lists(FIRSTS)

    def key(self, word):
        folded = "".join(words(word))
        return self.lemma.get(folded, folded)

    def every_form(self, word):
        key = self.key(word)
        return self.forms.get(key, set()) | {key, "".join(words(word))}

    def compounds(self, table, word):
        key = self.key(word)
        return {part for head, parts in table.items() if self.key(head) == key for part in map(str.casefold, parts)}

    def widest(self, word):
        """Every form, and every compound with the word as head or first part."""
        return self.every_form(word) | self.compounds(self.heads, word) | self.compounds(self.firsts, word)


def found(records, alternatives, field):
    """Ids of records that hold any alternative; an alternative is a word or words joined by + that must all be there."""
    single = {one for one in alternatives if "+" not in one}
    joined = [set(one.split("+")) for one in alternatives - single]
    held = ((record.id, getattr(record, field)) for record in records)
    return {name for name, text in held if not single.isdisjoint(text) or any(group <= text for group in joined)}


# --- Typos and spellings ----------------------------------------------------------------------------------------------------


def number(text):
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")


def half(query):
    return "tune" if number(query) % 2 == 0 else "report"


def neighbours(letter):
    for row in ROWS:
        at = row.find(letter)
        if at >= 0:
            return row[max(at - 1, 0):at] + row[at + 1:at + 2]
    return ""


def typos(word, kind):
    """Every way to make this one mistake. The first letter stays, as people seldom miss it. The last is swapped at most: a word
    that only lacks its end would be found as a prefix."""
    for at in range(1, len(word) - 1):
        before, letter, after = word[:at], word[at], word[at + 1:]
        if kind == "transposition" and after[0] != letter:
            yield before + after[0] + letter + after[1:]
        if kind == "omission" and letter not in (before[-1], after[0]):
            yield before + after
        if kind == "doubling":
            yield before + letter + letter + after
        if kind == "neighbour key":
            for key in neighbours(letter):
                yield before + key + after


KINDS = ("transposition", "omission", "doubling", "neighbour key")


def typo(word, kind, known):
    """One typo, chosen by a hash of word and kind: the same in every run, and nobody's choice."""
    made = sorted({one for one in typos(word, kind) if one.casefold() not in known})
    return made[number(f"{word} {kind}") % len(made)]


def two_letters(word):
    for umlaut, pair in zip("äöüßÄÖÜ", ("ae", "oe", "ue", "ss", "Ae", "Oe", "Ue")):
        word = word.replace(umlaut, pair)
    return word


def no_dots(word):
    return word.translate(str.maketrans("äöüÄÖÜ", "aouAOU")).replace("ß", "s")


# --- Judging ----------------------------------------------------------------------------------------------------------------


class Judge:
    def __init__(self, records):
        self.records = records
        self.lexicon = Lexicon()
        self.entries = []

    def add(self, kind, query, rule, relevant, cards, base=None):
        entry = {"query": query, "class": kind, "half": half(query)}
        if base:
            entry["base"] = base
        entry |= {"rule": rule, "relevant": relevant, "cards": relevant | cards}
        self.entries.append(entry)

    def add_words(self, kind, query, rule, alternatives, wide, base=None):
        """Relevant by title and subtitle; the cards by the widest rule, keywords counted too."""
        relevant = found(self.records, alternatives, "title")
        self.add(kind, query, rule, relevant, found(self.records, wide | alternatives, "card"), base)

    def wide(self, listed):
        """The widest rule for several words; joined words stay as they are."""
        return {form for word in listed for form in ({word} if "+" in word else self.lexicon.widest(word))}

    def exact(self):
        for word in EXACT.split():
            self.add_words("exact", word, "whole word", set(words(word)), self.lexicon.widest(word))

    def inflection(self):
        for query, lemma in self.lexicon.asked:
            forms = self.lexicon.every_form(lemma)
            self.add_words("inflection", query, "any form of the lemma", forms, self.lexicon.widest(lemma), lemma)

    def compounds(self, kind, table, rule):
        for word in table:
            forms = self.lexicon.every_form(word) | self.lexicon.compounds(table, word)
            self.add_words(kind, word, rule, forms, self.lexicon.widest(word))

    def typos(self):
        known = {word for record in self.records for word in words(record.all)}
        for index, word in enumerate(MISTYPED.split()):
            for kind in (KINDS[index % 4], KINDS[(index + 1 + index // 4 % 3) % 4]):
                wide = self.lexicon.widest(word)
                self.add_words("typo", typo(word, kind, known), f"{kind}, widest rule of the base", wide, wide, word)

    def umlauts(self):
        for line in lines(UMLAUTS):
            base, *further = [cell.strip() for cell in line.split("|")]
            spellings = {two_letters(base): "two letters", no_dots(base): "missing dots"}
            spellings |= {one: "other spelling" for one in further if one not in spellings}
            wide = self.lexicon.widest(base)
            for query, how in spellings.items():
                self.add_words("umlaut", query, f"{how}, widest rule of the base", wide, wide, base)

    def synonyms(self):
        for query, listed in lists(SYNONYMS).items():
            wide = self.wide(listed)
            self.add_words("synonym", query, "widest rule of the listed words", wide, wide, " ".join(listed))

    def languages(self):
        for line in lines(LANGUAGES):
            language, query, listed = [cell.strip() for cell in line.split("|")]
            # The question's own words count too where they stand in titles, as English ones do.
            own = "+".join(words(query))
            wide = self.wide(listed.split()) | {own}
            self.add_words("other language", query, f"{language}, widest rule of the listed words", wide, wide, listed)

    def at(self, place):
        """Records whose venue holds every word of the place; and those that also may name it on the card, with -er."""
        asked = place_words(place)
        venue = {record.id for record in self.records if set(asked) <= record.place}
        named = {record.id for record in self.records
                 if all({word, word + "er"} & (record.place | record.card) for word in asked)}
        return venue, named

    def places(self):
        for place in cells(PLACES):
            venue, named = self.at(place)
            self.add("place", place, "venue holds every word", venue, named)
        for line in lines(AT_PLACE):
            word, place = [cell.strip() for cell in line.split("|")]
            venue, named = self.at(place)
            wide = self.lexicon.widest(word)
            relevant = venue & found(self.records, wide, "title")
            cards = named & found(self.records, wide, "card")
            self.add("place", f"{word} {place}", "widest rule of the word, and venue holds every word", relevant, cards, word)

    def nonsense(self):
        for query in cells(NONSENSE):
            self.add("nonsense", query, "stands in no text", set(), set())

    def all(self):
        self.exact()
        self.inflection()
        self.compounds("compound head", self.lexicon.heads, "forms, and compounds with the word as head")
        self.compounds("compound first part", self.lexicon.firsts, "forms, and compounds with the word as first part")
        self.typos()
        self.umlauts()
        self.synonyms()
        self.languages()
        self.places()
        self.nonsense()
        return balanced(self.entries)


def balanced(entries):
    """Drops the last questions of a class's fuller half until the halves differ by a tenth of the class at most. The hash alone
    says which half a question is in; which are dropped follows from the lists' order alone."""
    for kind in dict.fromkeys(entry["class"] for entry in entries):
        while True:
            asked = [entry for entry in entries if entry["class"] == kind]
            less, more = sorted(([entry for entry in asked if entry["half"] == side] for side in ("tune", "report")), key=len)
            if len(more) - len(less) <= (len(more) + len(less)) / 10:
                break
            entries = [entry for entry in entries if entry is not more[-1]]
    return entries


# --- Checking ---------------------------------------------------------------------------------------------------------------


def problems(records, lexicon, entries):
    """What would make the set wrong. Empty when it is right."""
    on_title = set().union(*(record.title for record in records))
    on_card = set().union(*(record.card for record in records))
    listed = {form for forms in lexicon.forms.values() for form in forms}
    listed |= {part for table in (lexicon.heads, lexicon.firsts) for parts in table.values() for part in parts}
    yield from (f"listed, but on no card: {form}" for form in sorted(listed - on_card))
    yield from (f"synonym stands in titles: {word}" for word in lists(SYNONYMS) if set(words(word)) & on_title)
    seen = set()
    for entry in entries:
        name = f"{entry['class']}: {entry['query']}"
        if name in seen:
            yield f"twice: {name}"
        seen.add(name)
        if not entry["relevant"] and entry["class"] != "nonsense":
            yield f"nothing relevant: {name}"
        if entry["class"] in ("typo", "umlaut") and set(words(entry["query"])) & on_title - set(words(entry["base"])):
            yield f"misspelling is a word of the titles: {name}"
        if entry["class"] == "nonsense":
            folded = unicodedata.normalize("NFC", entry["query"]).casefold()
            yield from (f"not nonsense: {part}" for part in folded.split() if any(part in record.all for record in records))
    for kind, least in LEAST.items():
        sides = [entry["half"] for entry in entries if entry["class"] == kind]
        if len(sides) < least:
            yield f"only {len(sides)} of class {kind}"
        if abs(sides.count("tune") - sides.count("report")) > len(sides) / 10:
            yield f"halves of {kind} are unbalanced"


# --- Writing ----------------------------------------------------------------------------------------------------------------


def rows(ids):
    """Ids in rows of fifteen, so that a changed judgement changes few lines."""
    ordered = [json.dumps(one) for one in sorted(ids, key=int)]
    return ",\n    ".join(",".join(ordered[at:at + 15]) for at in range(0, len(ordered), 15))


def written(entries, source, count):
    head = json.dumps({"file": pathlib.Path(SOURCE).name, "sha256": hashlib.sha256(source).hexdigest(), "records": count})
    parts = []
    for entry in entries:
        plain = {key: value for key, value in entry.items() if key not in ("relevant", "cards")}
        first = json.dumps(plain, ensure_ascii=False)[:-1]
        parts.append(f'{first},\n   "relevant":[{rows(entry["relevant"])}],\n   "cards":[{rows(entry["cards"])}]}}')
    return '{"source": ' + head + ',\n "queries": [\n  ' + ",\n  ".join(parts) + "\n ]\n}\n"


def table(entries):
    print(f"{'class':22}{'tune':>6}{'report':>8}{'both':>6}")
    for kind in LEAST:
        sides = [entry["half"] for entry in entries if entry["class"] == kind]
        print(f"{kind:22}{sides.count('tune'):6}{sides.count('report'):8}{len(sides):6}")
    sides = [entry["half"] for entry in entries]
    print(f"{'all':22}{sides.count('tune'):6}{sides.count('report'):8}{len(sides):6}")


def main():
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--source", type=pathlib.Path, default=ROOT / SOURCE)
    asked.add_argument("--check", action="store_true", help="write nothing; fail when judgements.json is not what this gives")
    arguments = asked.parse_args()
    if not arguments.source.exists():
        print(f"{SOURCE if arguments.source == ROOT / SOURCE else arguments.source} is absent: nothing to do")
        return 0
    records = read(arguments.source)
    judge = Judge(records)
    entries = judge.all()
    wrong = list(problems(records, judge.lexicon, entries))
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    text = written(entries, arguments.source.read_bytes(), len(records))
    if arguments.check:
        if not OUTPUT.exists() or OUTPUT.read_text(encoding="utf-8") != text:
            print("judgements.json is not what judge.py gives: run tests/search/judge.py", file=sys.stderr)
            return 1
    else:
        OUTPUT.write_text(text, encoding="utf-8")
    table(entries)
    return 0


if __name__ == "__main__":
    sys.exit(main())
