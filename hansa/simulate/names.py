"""Words from which partners, people, accounts and products of the simulated network are named."""

from random import Random

PARTNERS = (
    "Alba",
    "Baltic",
    "Castor",
    "Delta",
    "Elbe",
    "Fjord",
    "Gotland",
    "Havel",
    "Isar",
    "Juno",
    "Kiel",
    "Lynx",
    "Meridian",
    "Nordlicht",
)
PARTNER_KINDS = ("Systems", "Partners", "Consulting", "Digital", "Solutions", "Cloud", "Networks", "Integration")
ACCOUNT_FIRST = (
    "Amber",
    "Birch",
    "Copper",
    "Dune",
    "Ember",
    "Flint",
    "Granite",
    "Harbour",
    "Indigo",
    "Juniper",
    "Kestrel",
    "Lumen",
    "Maple",
)
ACCOUNT_SECOND = ("Foods", "Freight", "Motors", "Health", "Textiles", "Energy", "Media", "Optics", "Timber", "Retail", "Marine", "Labs")
PEOPLE = ("Ada", "Bela", "Cora", "Dario", "Edda", "Finn", "Greta", "Hugo", "Ines", "Jonas", "Klara", "Levin", "Mina", "Nils", "Oda", "Paul")
PLACES = (("EMEA", "DE"), ("EMEA", "FR"), ("EMEA", "GB"), ("EMEA", "SE"), ("AMER", "US"), ("AMER", "CA"), ("APAC", "JP"), ("APAC", "AU"))
# Product, family, list price in major units.
PRODUCTS = (
    ("Hull Basic", "hull", 1_200),
    ("Hull Pro", "hull", 6_400),
    ("Sail One", "sail", 3_100),
    ("Sail Fleet", "sail", 18_500),
    ("Compass", "navigation", 950),
    ("Compass Enterprise", "navigation", 42_000),
)


def partner(number: int) -> str:
    """The name of partner `number`: no two numbers share one."""
    rounds, rest = divmod(number, len(PARTNERS) * len(PARTNER_KINDS))
    first, kind = PARTNERS[rest % len(PARTNERS)], PARTNER_KINDS[rest // len(PARTNERS)]
    return f"{first} {kind}" + (f" {rounds + 1}" if rounds else "")


def account(number: int) -> tuple[str, str, str]:
    """Name, domain and country of account `number`: no two numbers share a name or a domain."""
    rounds, rest = divmod(number, len(ACCOUNT_FIRST) * len(ACCOUNT_SECOND))
    first, second = ACCOUNT_FIRST[rest % len(ACCOUNT_FIRST)], ACCOUNT_SECOND[rest // len(ACCOUNT_FIRST)]
    name = f"{first} {second}" + (f" {rounds + 1}" if rounds else "")
    return name, f"{name.lower().replace(' ', '-')}.example", PLACES[number % len(PLACES)][1]


def person(rng: Random) -> str:
    return rng.choice(PEOPLE)
