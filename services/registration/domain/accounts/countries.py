"""Countries by their ISO 3166 code and English name, so that "Germany", "germany" and "DE" are one territory."""

import unicodedata
from functools import lru_cache

_NAMES = """
AD Andorra;AE United Arab Emirates;AF Afghanistan;AG Antigua & Barbuda;AI Anguilla;AL Albania;AM Armenia;AO Angola;AQ Antarctica;
AR Argentina;AS American Samoa;AT Austria;AU Australia;AW Aruba;AX Åland Islands;AZ Azerbaijan;BA Bosnia & Herzegovina;BB Barbados;
BD Bangladesh;BE Belgium;BF Burkina Faso;BG Bulgaria;BH Bahrain;BI Burundi;BJ Benin;BL St Barthelemy;BM Bermuda;BN Brunei;BO Bolivia;
BQ Caribbean Netherlands;BR Brazil;BS Bahamas;BT Bhutan;BV Bouvet Island;BW Botswana;BY Belarus;BZ Belize;CA Canada;CC Cocos Islands;
CD DR Congo;CF Central African Republic;CG Congo;CH Switzerland;CI Côte d'Ivoire;CK Cook Islands;CL Chile;CM Cameroon;CN China;
CO Colombia;CR Costa Rica;CU Cuba;CV Cape Verde;CW Curaçao;CX Christmas Island;CY Cyprus;CZ Czechia;DE Germany;DJ Djibouti;DK Denmark;
DM Dominica;DO Dominican Republic;DZ Algeria;EC Ecuador;EE Estonia;EG Egypt;EH Western Sahara;ER Eritrea;ES Spain;ET Ethiopia;FI Finland;
FJ Fiji;FK Falkland Islands;FM Micronesia;FO Faroe Islands;FR France;GA Gabon;GB United Kingdom;GD Grenada;GE Georgia;GF French Guiana;
GG Guernsey;GH Ghana;GI Gibraltar;GL Greenland;GM Gambia;GN Guinea;GP Guadeloupe;GQ Equatorial Guinea;GR Greece;
GS South Georgia & the South Sandwich Islands;GT Guatemala;GU Guam;GW Guinea-Bissau;GY Guyana;HK Hong Kong;
HM Heard Island & McDonald Islands;HN Honduras;HR Croatia;HT Haiti;HU Hungary;ID Indonesia;IE Ireland;IL Israel;IM Isle of Man;IN India;
IO British Indian Ocean Territory;IQ Iraq;IR Iran;IS Iceland;IT Italy;JE Jersey;JM Jamaica;JO Jordan;JP Japan;KE Kenya;KG Kyrgyzstan;
KH Cambodia;KI Kiribati;KM Comoros;KN St Kitts & Nevis;KP North Korea;KR South Korea;KW Kuwait;KY Cayman Islands;KZ Kazakhstan;LA Laos;
LB Lebanon;LC St Lucia;LI Liechtenstein;LK Sri Lanka;LR Liberia;LS Lesotho;LT Lithuania;LU Luxembourg;LV Latvia;LY Libya;MA Morocco;
MC Monaco;MD Moldova;ME Montenegro;MF Saint Martin;MG Madagascar;MH Marshall Islands;MK North Macedonia;ML Mali;MM Myanmar;MN Mongolia;
MO Macau;MP Northern Mariana Islands;MQ Martinique;MR Mauritania;MS Montserrat;MT Malta;MU Mauritius;MV Maldives;MW Malawi;MX Mexico;
MY Malaysia;MZ Mozambique;NA Namibia;NC New Caledonia;NE Niger;NF Norfolk Island;NG Nigeria;NI Nicaragua;NL Netherlands;NO Norway;
NP Nepal;NR Nauru;NU Niue;NZ New Zealand;OM Oman;PA Panama;PE Peru;PF French Polynesia;PG Papua New Guinea;PH Philippines;PK Pakistan;
PL Poland;PM St Pierre & Miquelon;PN Pitcairn;PR Puerto Rico;PS Palestine;PT Portugal;PW Palau;PY Paraguay;QA Qatar;RE Réunion;
RO Romania;RS Serbia;RU Russia;RW Rwanda;SA Saudi Arabia;SB Solomon Islands;SC Seychelles;SD Sudan;SE Sweden;SG Singapore;SH St Helena;
SI Slovenia;SJ Svalbard & Jan Mayen;SK Slovakia;SL Sierra Leone;SM San Marino;SN Senegal;SO Somalia;SR Suriname;SS South Sudan;
ST Sao Tome & Principe;SV El Salvador;SX Sint Maarten;SY Syria;SZ Eswatini;TC Turks & Caicos Islands;TD Chad;
TF French Southern Territories;TG Togo;TH Thailand;TJ Tajikistan;TK Tokelau;TL East Timor;TM Turkmenistan;TN Tunisia;TO Tonga;TR Turkey;
TT Trinidad & Tobago;TV Tuvalu;TW Taiwan;TZ Tanzania;UA Ukraine;UG Uganda;UM US Minor Outlying Islands;US United States;UY Uruguay;
UZ Uzbekistan;VA Vatican City;VC St Vincent;VE Venezuela;VG British Virgin Islands;VI US Virgin Islands;VN Vietnam;VU Vanuatu;
WF Wallis & Futuna;WS Samoa;YE Yemen;YT Mayotte;ZA South Africa;ZM Zambia;ZW Zimbabwe
"""
_ALIASES = """
US USA;US United States of America;US America;GB UK;GB Great Britain;GB Britain;GB England;GB Scotland;GB Wales;GB Northern Ireland;
KR Korea;KR Republic of Korea;CZ Czech Republic;RU Russian Federation;NL Holland;NL The Netherlands;TR Türkiye;VN Viet Nam;
AE UAE;CI Ivory Coast;TW Taiwan, Province of China;CN People's Republic of China;CN Mainland China;HK Hong Kong SAR;MO Macao;
BA Bosnia;TZ United Republic of Tanzania;SY Syrian Arab Republic;IR Islamic Republic of Iran;MD Republic of Moldova;
BN Brunei Darussalam;LA Lao PDR;CV Cabo Verde;TL Timor-Leste;MK Macedonia;SZ Swaziland;MM Burma;VA Holy See
"""


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return " ".join(plain.casefold().replace("&", "and").replace(".", " ").split())


def _table() -> dict[str, str]:
    pairs = [entry.strip().split(" ", 1) for block in (_NAMES, _ALIASES) for entry in block.split(";")]
    return {_folded(key): code for code, name in pairs for key in (code, name)}


_CODES = _table()


@lru_cache(maxsize=4_096)
def country_code(text: str) -> str | None:
    """The ISO 3166 code of a country given by code or English name; None if it is neither."""
    return _CODES.get(_folded(text))


def country_words() -> dict[str, str]:
    """English names of countries that are one word of five letters or more, folded, with their codes."""
    return {name: code.lower() for name, code in _CODES.items() if len(name) >= 5 and name.isalpha()}


def country_given(text: str | None) -> str | None:
    """A country as somebody gave it: its code where it is known by one, else their word for it."""
    return (country_code(text) or text.strip() or None) if text else None
