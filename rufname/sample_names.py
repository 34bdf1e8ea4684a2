"""The words that the made-up company's contacts are built from.

Law: data and the tables made of them; no randomness here. Written for this project from names that
are common in their countries; no list was copied and no real person is meant. A name is a pair: as
it is written, and in plain ASCII for mail addresses.
"""

# ruff: noqa: RUF001 - the dotless i of Turkish names is meant

from __future__ import annotations

import unicodedata
from functools import lru_cache

import msgspec

Word = tuple[str, str]
"""A name as written, and in ASCII lower case."""

GIVEN_BITS = 11
SURNAME_BITS = 14

_ASCII = str.maketrans({
    "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ł": "l", "ø": "o", "ı": "i", "đ": "d", "æ": "ae",
    "œ": "oe", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Ł": "L", "Ø": "O", "İ": "I", "Æ": "Ae",
})  # fmt: skip

_GIVEN_DE = """
Thomas Michael Andreas Peter Stefan Christian Hans Klaus Wolfgang Jürgen Martin Markus Frank Bernd
Werner Uwe Matthias Ralf Günter Alexander Helmut Manfred Jörg Daniel Karl Sebastian Florian Tobias
Jan Dieter Rainer Gerhard Lukas Maximilian Felix Jonas Leon Paul Björn Sönke Götz Jens Volker
Heiko Holger Torsten Dirk Olaf Ulrich Rüdiger Konrad Ludwig Anton Xaver Korbinian Benedikt Moritz
Maria Anna Ursula Monika Petra Elisabeth Sabine Renate Karin Brigitte Andrea Claudia Susanne
Stefanie Christine Julia Katharina Nicole Martina Angelika Ingrid Heike Birgit Barbara Daniela
Sandra Melanie Anja Jutta Kerstin Silke Ulrike Bärbel Käthe Jördis Sünje Grit Antje Friederike
Lena Lea Hannah Mia Emma Sophie Laura Johanna Franziska Theresa Magdalena Veronika Zoë Anne-Marie
Karl-Heinz Hans-Jürgen Eva-Maria Leonie Clara Greta Frieda Emil Oskar Theo Anneliese Roswitha
"""

_SURNAMES_DE = """
Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer
Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt
Werner Schmitz Krause Meier Lehmann Schmid Schulze Maier Köhler Herrmann König Walter Mayer Huber
Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther Frank
Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter Kraus
Martin Schumacher Krämer Vogt Stein Jäger Otto Sommer Groß Seidel Heinrich Brandt Haas Schreiber
Graf Schulte Dietrich Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann Thomas Voigt Sauer Arnold
Wolff Pfeiffer Ernst Lindner Hübner Kramer Franz Beyer Wenzel Barth Hermann Böttcher Nagel Ritter
Götz Petersen Thiel Paul Lutz Ludewig Kurz Mohr Haase Stephan Hansen Kirsch Ott Reuter Vetter Marx
Kern Kuhlmann Straub Förster Böhme Bräuer Grimm Heß Höfer Jansen Jürgens Käfer Kröger Lüders
Mönch Nölle Öttinger Pötter Quast Röder Söllner Strauß Tönnies Übelacker Völker Wünsch Zöllner
Großmann Preuß Kloß Voß Fuß Weißenborn Heußner Geißler Nußbaum Rößler Fröhlich Grünwald Schön
Ackermann Adler Bachmann Bischoff Blum Brunner Burkhardt Conrad Decker Diehl Ebert Eder Erdmann
Fiedler Fink Gebhardt Geiger Gerlach Giese Hagen Heller Hess Hinz Hirsch Jacob Jahn Kaufmann
Kessler Kirchner Klaus Knoll Kolb Kunz Lenz Link Löffler Maurer Merz Metz Michel Moser Mülleneisen
Naumann Noack Ostermann Pape Pfister Raab Rau Rauch Reich Reinhardt Riedel Rieger Rose Rudolph
Sander Schenk Schilling Schlüter Seifert Siebert Singer Springer Stark Steiner Stock Stoll Thoma
Ulrich Unger Wegner Weidner Weigel Wendt Wiese Wilhelm Wirth Witt Wittmann Zander Zeller
"""

_STEMS_DE = """
Alt Berg Birk Brand Buch Burg Dorn Eber Eich Eis Erl Feld Fels Forst Gold Grün Hart Hasel Heid Hof
Holz Kirch Lind Loh Mais Moos Nieder Nuß Ober Reit Rosen Roß Sand Schön Stein Tann Unter Wald Wein
Weiß Wies Wild Wolfs Zell
"""

_TAILS_DE = """
acher auer bach bauer beck berger brunner dorfer eder egger feld felder gruber hammer hauser heimer
hofer huber inger kofler lechner leitner loher maier mann mayr meier müller reiter rieder ring
schmid seder stätter thaler wieser wimmer
"""

_GIVEN_AT = """
Franz Johann Josef Lukas Florian Christoph Bernhard Gerald Gernot Reinhard Wolfgang Günther Leopold
Alois Sepp Elfriede Gerlinde Hannelore Waltraud Edeltraud Roswitha Maria Eva Verena Viktoria Lisa
Magdalena Katharina Johanna Barbara
"""

_SURNAMES_AT = """
Gruber Huber Bauer Wagner Müller Pichler Steiner Moser Mayer Hofer Leitner Berger Fuchs Eder
Fischer Schmid Winkler Weber Schwarz Maier Schneider Reiter Mayr Schmidt Wimmer Egger Brunner Lang
Baumgartner Auer Binder Lechner Wolf Wallner Aigner Ebner Koller Lehner Haas Schuster Stöger Kröll
Pölzl Fürst Höller Jäger Prohaska Nowotny Dvorak Horvath
"""

_GIVEN_CH = """
Urs Beat Reto Hansruedi Ueli Jürg Markus Thomas Daniel Peter Marco Luca Noah Nico Andrea Ruth
Vreni Rösli Heidi Ursina Seraina Flurina Nadja Corinne Sandra Monika Céline Anaïs Chantal Gianna
"""

_SURNAMES_CH = """
Müller Meier Schmid Keller Weber Huber Schneider Meyer Steiner Fischer Brunner Baumann Gerber Frei
Moser Zimmermann Hofmann Wyss Graf Roth Suter Baumgartner Bachmann Kunz Käser Lüthi Zürcher Bühler
Hürlimann Rüegg Nägeli Zwahlen Aeschbacher Jäggi Favre Rochat Bernasconi Cavelti Caduff
"""

_GIVEN_PL = """
Piotr Krzysztof Andrzej Tomasz Paweł Marcin Michał Łukasz Grzegorz Mateusz Stanisław Zbigniew
Wojciech Rafał Sławomir Anna Maria Katarzyna Małgorzata Agnieszka Krystyna Barbara Ewa Elżbieta
Zofia Joanna Magdalena Monika Jadwiga Żaneta Świętosława Błażej
"""

_SURNAMES_PL = """
Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak
Dąbrowski Kozłowski Jankowski Mazur Kwiatkowski Krawczyk Kaczmarek Piotrowski Grabowski Zając
Pawłowski Michalski Król Wieczorek Jabłoński Wróbel Nowakowski Majewski Olszewski Stępień Malinowski
Jaworski Adamczyk Dudek Pawlak Górski Sikora Walczak Rutkowski Baran Szewczyk Ostrowski Tomaszewski
Zalewski Wróblewski Jasiński Żak Łoziński Śliwa Ćwik Ślązak Źrebiec
"""

_GIVEN_CZ = """
Jiří Jan Petr Josef Pavel Martin Tomáš Jaroslav Miroslav Zdeněk Václav Michal František Karel
Lukáš Ondřej Jana Marie Eva Hana Anna Lenka Kateřina Lucie Věra Alena Petra Jaroslava Šárka Zdeňka
Řehoř Ľubica
"""

_SURNAMES_CZ = """
Novák Svoboda Novotný Dvořák Černý Procházka Kučera Veselý Horák Němec Marek Pospíšil Pokorný Hájek
Král Jelínek Růžička Beneš Fiala Sedláček Doležal Zeman Kolář Krejčí Navrátil Čermák Urban Vaněk
Blažek Kříž Kovář Kratochvíl Bartoš Vlček Polák Kopecký Musil Šimek Konečný Malý Čech Štěpánek
Staněk Říha Žák Šťastný Ďurica
"""

_GIVEN_TR = """
Mehmet Mustafa Ahmet Ali Hüseyin Hasan İbrahim İsmail Osman Yusuf Murat Ömer Ramazan Halil Süleyman
Çağlar Özgür Uğur Şükrü Fatma Ayşe Emine Hatice Zeynep Elif Meryem Şerife Zehra Sultan Hanife Gül
Gülşen Çiğdem Özlem Işıl
"""

_SURNAMES_TR = """
Yılmaz Kaya Demir Şahin Çelik Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin
Kara Koç Kurt Özkan Şimşek Polat Özcan Korkmaz Çakır Erdoğan Yavuz Can Acar Şen Aktaş Güler Yalçın
Güneş Bozkurt Bulut Keskin Ünal Turan Gül Özer Işık Kaplan Avcı Sarı Tekin Taş Köse Yüksel Ateş
Aksoy Çiftçi Dağdeviren
"""

_GIVEN_FR = """
Jean Pierre Michel Philippe Alain Nicolas Christophe Patrick Daniel Frédéric Stéphane François
Sébastien Jérôme Rémi Loïc Marie Nathalie Isabelle Sylvie Catherine Françoise Valérie Hélène Céline
Aurélie Émilie Chloé Zoé Anaïs Maëlle Élodie Jean-Luc Marie-Thérèse
"""

_SURNAMES_FR = """
Martin Bernard Dubois Thomas Robert Richard Petit Durand Leroy Moreau Simon Laurent Lefèvre Michel
Garcia David Bertrand Roux Vincent Fournier Morel Girard André Mercier Dupont Lambert Bonnet
François Martinez Legrand Garnier Faure Rousseau Blanc Guérin Müller Henry Roussel Perrin Mathieu
Gauthier Lacroix L'Hôte D'Arcy Béranger Noël Hervé Préfontaine Thévenet Cœurdevey
"""

_GIVEN_RU = """
Александр/alexander Сергей/sergej Дмитрий/dmitrij Андрей/andrej Алексей/alexej Юрий/jurij
Михаил/michail Пётр/pjotr Фёдор/fjodor Анна/anna Мария/maria Елена/elena Ольга/olga Наталья/natalja
Юлия/julia Екатерина/ekaterina Светлана/swetlana Щелкунчик/schtschelkuntschik
"""

_SURNAMES_RU = """
Иванов/iwanow Смирнов/smirnow Кузнецов/kusnezow Попов/popow Васильев/wassiljew Петров/petrow
Соколов/sokolow Михайлов/michajlow Новиков/nowikow Фёдоров/fjodorow Морозов/morosow Волков/wolkow
Алексеев/alexejew Лебедев/lebedew Семёнов/semjonow Егоров/egorow Козлов/koslow Щукин/schtschukin
Журавлёв/schurawljow Чернышёв/tschernyschjow
"""

_GIVEN_EL = """
Γιώργος/giorgos Δημήτρης/dimitris Κώστας/kostas Νίκος/nikos Παναγιώτης/panagiotis Σπύρος/spyros
Μαρία/maria Ελένη/eleni Αικατερίνη/aikaterini Βασιλική/vasiliki Σοφία/sofia Χρήστος/christos
"""

_SURNAMES_EL = """
Παπαδόπουλος/papadopoulos Παππάς/pappas Καραγιάννης/karagiannis Βλάχος/vlachos
Ιωαννίδης/ioannidis Οικονόμου/oikonomou Παπαγεωργίου/papageorgiou Μακρής/makris
Κωνσταντινίδης/konstantinidis Δημόπουλος/dimopoulos Αντωνίου/antoniou Γεωργίου/georgiou
"""

_GIVEN_AR = """
محمد/mohammed أحمد/ahmad علي/ali عمر/omar يوسف/jusuf خالد/khaled فاطمة/fatima مريم/mariam
عائشة/aisha ليلى/laila نور/nour زينب/zainab
"""

_SURNAMES_AR = """
الأحمد/alahmad حداد/haddad خوري/khoury منصور/mansour سليمان/suleiman حسن/hassan إبراهيم/ibrahim
العلي/alali نصار/nassar صالح/saleh درويش/darwish المصري/almasri
"""

_GIVEN_ZH = """
伟/wei 芳/fang 娜/na 敏/min 静/jing 丽/li 强/qiang 磊/lei 军/jun 洋/yang 勇/yong 艳/yan 杰/jie
涛/tao 秀英/xiuying 小明/xiaoming
"""

_SURNAMES_ZH = """
王/wang 李/li 张/zhang 刘/liu 陈/chen 杨/yang 黄/huang 赵/zhao 吴/wu 周/zhou 徐/xu 孙/sun 马/ma
付/fu 欧阳/ouyang 司马/sima
"""

CITIES = tuple(
    (entry.partition(" ")[0], entry.partition(" ")[2])
    for entry in """
80331 München|10115 Berlin|20095 Hamburg|50667 Köln|60311 Frankfurt am Main|70173 Stuttgart
40213 Düsseldorf|44135 Dortmund|45127 Essen|04109 Leipzig|28195 Bremen|01067 Dresden|30159 Hannover
90402 Nürnberg|47051 Duisburg|44787 Bochum|42103 Wuppertal|33602 Bielefeld|53111 Bonn|48143 Münster
76133 Karlsruhe|68159 Mannheim|86150 Augsburg|65183 Wiesbaden|41061 Mönchengladbach
38100 Braunschweig|52062 Aachen|24103 Kiel|99084 Erfurt|55116 Mainz|23552 Lübeck|93047 Regensburg
97070 Würzburg|94032 Passau|84028 Landshut|83022 Rosenheim|87435 Kempten (Allgäu)|85049 Ingolstadt
95444 Bayreuth|6020 Innsbruck|5020 Salzburg|4020 Linz|8010 Graz|8001 Zürich|3011 Bern|4051 Basel
9000 St. Gallen
""".strip().replace("\n", "|").split("|")
)  # fmt: skip

STREETS = tuple("""
Hauptstraße|Bahnhofstraße|Dorfstraße|Schulstraße|Gartenstraße|Bergstraße|Lindenweg|Kirchplatz
Birkenweg|Industriestraße|Am Mühlbach|Gewerbepark Süd|Ringstraße|Poststraße|Römerstraße|Marktplatz
""".strip().replace("\n", "|").split("|"))  # fmt: skip

DEPARTMENTS = tuple("""
Vertrieb|Einkauf|Buchhaltung|Technik|Entwicklung|Personal|Geschäftsführung|Logistik|Lager|Service
Qualitätssicherung|Marketing|Disposition|Empfang|IT|Produktion
""".strip().replace("\n", "|").split("|"))  # fmt: skip

JOBS = tuple("""
Sachbearbeitung|Leitung|Assistenz|Außendienst|Innendienst|Projektleitung|Meister|Geschäftsführer
Geschäftsführerin|Controlling|Referentin|Ausbildung|Key Account|Konstruktion|Monteur|Prokurist
""".strip().replace("\n", "|").split("|"))  # fmt: skip

COMPANY_STEMS = (
    "Isar", "Alpen", "Bavaria", "Nord", "Süd", "Rhein", "Main", "Elbe", "Donau", "Spree",
    "Hansa", "Franken", "Allgäu", "Schwaben", "Taunus", "Harz", "Eifel", "Öko", "Bio", "Euro",
    "Inter", "Trans", "Uni", "Multi", "Pro", "Neo", "Novo", "Tele", "Agro", "Aqua", "Aero",
    "Medi", "Opti", "Sono", "Thermo", "Turbo", "Velo", "Metall", "Stahl", "Holz", "Glas",
    "Papier", "Kunststoff", "Möbel", "Küchen", "Schrauben", "Ketten", "Federn", "Lager",
)  # fmt: skip

COMPANY_TRADES = (
    "technik", "bau", "handel", "logistik", "werke", "druck", "systeme", "service",
    "elektronik", "maschinen", "motoren", "pumpen", "getriebe", "armaturen", "möbel", "textil",
    "chemie", "pharma", "verlag", "beratung", "spedition", "gerüste", "kälte", "solar",
)  # fmt: skip

COMPANY_FORMS = ("GmbH", "GmbH & Co. KG", "AG", "KG", "OHG", "e.K.", "SE", "GmbH", "GmbH", "UG")

TITLES = ("Dr.", "Dr.", "Dr.", "Prof. Dr.", "Dipl.-Ing.", "Dr. med.", "Mag.", "Ing.")
PARTICLES = ("von", "van der", "de", "zu", "von der", "Freiherr von")


class Locale(msgspec.Struct, frozen=True):
    """Names of one language as tables that are skewed by Zipf's law.

    `given` has 2**GIVEN_BITS entries, `surnames` 2**SURNAME_BITS; a frequent name stands there many
    times, so that a random index draws it as often as its rank says.
    """

    code: str
    given: tuple[Word, ...]
    surnames: tuple[Word, ...]
    family_first: bool = False


def ascii_form(text: str) -> str:
    """Return Latin text in plain ASCII: `ä` `ae`, `ß` `ss`, accents dropped, the rest left out."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKD", text.translate(_ASCII))
    return plain.encode("ascii", "ignore").decode("ascii")


def zipf_table(words: list[Word], exponent: float, size: int) -> tuple[Word, ...]:
    """Repeat `words` (rank order) in a table of exactly `size`, each at least once.

    The share of rank r is about 1 / r**exponent (Zipf's law), rounded to whole entries.
    """
    assert len(words) <= size
    weights = [1.0 / rank**exponent for rank in range(1, len(words) + 1)]
    spare = size - len(words)
    total = sum(weights)
    table: list[Word] = []
    for word, weight in zip(words, weights, strict=True):
        table += [word] * (1 + int(spare * weight / total))
    table += [words[0]] * (size - len(table))
    return tuple(table)


@lru_cache(maxsize=1)
def locales() -> tuple[Locale, ...]:
    """Return 256 locales, each as often as its share of the people: non-Latin scripts 2 %."""
    german = _words(_SURNAMES_DE) + _compounds()
    shares = (
        (_locale("de", _words(_GIVEN_DE), german), 171),
        (_locale("at", _words(_GIVEN_AT), _words(_SURNAMES_AT)), 20),
        (_locale("ch", _words(_GIVEN_CH), _words(_SURNAMES_CH)), 12),
        (_locale("pl", _words(_GIVEN_PL), _words(_SURNAMES_PL)), 16),
        (_locale("cz", _words(_GIVEN_CZ), _words(_SURNAMES_CZ)), 10),
        (_locale("tr", _words(_GIVEN_TR), _words(_SURNAMES_TR)), 14),
        (_locale("fr", _words(_GIVEN_FR), _words(_SURNAMES_FR)), 8),
        (_locale("ru", _words(_GIVEN_RU), _words(_SURNAMES_RU)), 2),
        (_locale("el", _words(_GIVEN_EL), _words(_SURNAMES_EL)), 1),
        (_locale("ar", _words(_GIVEN_AR), _words(_SURNAMES_AR)), 1),
        (_locale("zh", _words(_GIVEN_ZH), _words(_SURNAMES_ZH), family_first=True), 1),
    )
    return tuple(locale for locale, share in shares for _ in range(share))


def _locale(
    code: str, given: list[Word], surnames: list[Word], *, family_first: bool = False
) -> Locale:
    return Locale(
        code,
        zipf_table(given, 0.7, 1 << GIVEN_BITS),
        zipf_table(surnames, 0.9, 1 << SURNAME_BITS),
        family_first,
    )


def _words(text: str) -> list[Word]:
    """Split a list; `native/latin` gives the ASCII form, Latin words make their own."""
    pairs = (entry.partition("/") for entry in text.split())
    return [
        (name, latin or ascii_form(name).lower().replace("'", ""))
        for name, _, latin in dict.fromkeys(pairs)
    ]


def _compounds() -> list[Word]:
    """Combine stems and tails to the long tail of German surnames, in a fixed mixed order."""
    stems, tails = _STEMS_DE.split(), _TAILS_DE.split()
    names = [
        stems[(row * 7 + column * 3) % len(stems)] + tails[column]
        for row in range(len(stems))
        for column in range(len(tails))
    ]
    return [(name, ascii_form(name).lower()) for name in dict.fromkeys(names)]
