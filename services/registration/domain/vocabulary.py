"""Words in company names that do not distinguish one: what it does, where it is, and fillers. Folded as `names.folded` leaves them."""

from services.registration.domain.accounts.countries import country_words

# One trade a line: words that say the same of a company.
_TRADES = """
technology technologies tech technik technologie tecnologia tecnologias tecnologie teknoloji techno
system systems systeme sistemas sistemi systemes
software softwares soft
consulting consultants consultancy consult beratung conseil consultoria consulenza advisory advisors advisers unternehmensberatung
solution solutions losungen soluciones soluzioni solucoes
service services servicios servizi dienste dienstleistungen servicos
logistics logistik logistica logistique transport transports transporte spedition freight shipping trasporti haulage
bank banking banca banco banque
insurance versicherung versicherungen assurance assurances seguros assicurazioni
capital ventures investment investments partners equity invest kapital
energy energie energia power solar energies
foods food lebensmittel alimentos alimentari nahrungsmittel bakery backerei bakeries catering
pharma pharmaceuticals pharmaceutical pharmazeutika farma farmaceutica biotech
medical medizintechnik healthcare health clinic clinics hospital care klinik
engineering ingenieure ingenieria ingegneria ingenieurburo
construction bau constructions construcciones costruzioni builders building bauunternehmen
motors motor automotive cars auto automobile autohaus
media medien publishing verlag press editions film films studios studio
design designs architects architekten architecture
electronics electronic elektronik elettronica electronica electric electrical elektro elektrotechnik
optics optik optica optique optical
steel stahl acciai metals metal metall metallbau
chemicals chemical chemie chimica chimie
textile textiles textil fashion apparel clothing mode moda
travel tours reisen viajes tourism
hotel hotels resort resorts hospitality
airlines airways aviation air aerospace
legal law lawyers rechtsanwalte avocats abogados kanzlei solicitors
realty immobilien properties property estate immobiliare inmobiliaria
trading trade handel handels import export commerce comercio handelsgesellschaft
manufacturing works werke industries industry industrie industria industrial industriale mfg produktion
security sicherheit seguridad sicurezza
telecom telecommunications telekom communications mobile networks network
data analytics cloud digital cyber labs lab laboratories
school academy university college akademie education training
sports sport fitness gym
water wasser aqua
paper papier packaging verpackung verpackungen
wood holz timber
farm farms agro agri agriculture landwirtschaft
marine maritime ships yachts
recruitment personal staffing hr
tools werkzeuge werkzeugbau maschinenbau machinery machines maschinen
coffee kaffee cafe roasters
wine wines weine winery vineyards
brewery brewing brauerei beer
gallery art arts kunst
"""
TRADES: dict[str, str] = {word: line.split()[0] for line in _TRADES.strip().splitlines() for word in line.split()}

# Words that a name has or lacks without being another company's.
_EMPTY = """
group gruppe groupe grupo gruppo grup holding holdings international intl global worldwide world company co firma the
enterprise enterprises associates sons brothers bros gebruder gebr sohne fils und and of de der die das la le les el los du des von van
beteiligungs beteiligungsgesellschaft verwaltungs verwaltung vertriebs vertrieb sales deutsche
"""
EMPTY = frozenset(_EMPTY.split())

# One place a line, by whatever a name calls it.
_PLACES = """
de deutschland germany german allemagne alemania germania
at osterreich austria austrian autriche
ch schweiz switzerland suisse svizzera swiss
fr france frankreich francia french
gb uk britain british england gbr grossbritannien
us usa america american americas
es espana spain iberia iberica spanien hispania
it italia italy italian italien
nl nederland netherlands holland dutch niederlande
be belgium belgie belgique belgien
pl polska poland polen
cz cesko czech czechia
se sverige sweden schweden
no norge norway norwegen
dk danmark denmark danemark
fi suomi finland finnland
pt portugal
ie ireland irland
tr turkiye turkey turk
ru rossiya russia rus
in india bharat
cn china zhongguo
jp japan nippon
kr korea
au australia australian australasia
nz zealand
ca canada kanada canadian
mx mexico
br brasil brazil
ar argentina
za africa
sg singapore
hk hongkong
ae emirates uae gulf
europe europa european emea eu
asia asian apac pacific
nordic nordics scandinavia
benelux
london
paris
berlin
munich munchen
hamburg
vienna wien
zurich
madrid
milano milan
newyork
"""
# Companies on opposite sides of something are two, while those in two countries may be one group.
_SIDES = """
north northern nord norte
south southern sud sur
east eastern ost este
west western oeste ouest
"""
SIDES: dict[str, str] = {word: line.split()[0] for line in _SIDES.strip().splitlines() for word in line.split()}
PLACES: dict[str, str] = country_words() | SIDES | {word: line.split()[0] for line in _PLACES.strip().splitlines() for word in line.split()}
