"""Legal forms of companies: the spellings of each that mean the same, and which stand before a name."""

from cleanco import prepare_default_terms

Words = tuple[str, ...]

# One form a line, its short spelling first. Spelled as `names.words` leaves them: folded case, no dots, "&" as "and".
_SPELLINGS = """
ltd: limited
inc: incorporated
corp: corporation
co: company
plc: public limited company
llc: limited liability company, limited liability co
llp: limited liability partnership
lp: limited partnership
pty ltd: pty limited, proprietary limited, proprietary ltd
pte ltd: pte limited, private limited, private ltd, pvt ltd, pvt limited
sdn bhd: sendirian berhad
bhd: berhad
gmbh: gesellschaft mit beschränkter haftung, ges mbh, gesmbh, mbh
ggmbh: gemeinnützige gmbh
ag: aktiengesellschaft
ug: unternehmergesellschaft, ug haftungsbeschränkt, unternehmergesellschaft haftungsbeschränkt
kg: kommanditgesellschaft
ohg: offene handelsgesellschaft
kgaa: kommanditgesellschaft auf aktien
gmbh and co kg: gmbh co kg, gesellschaft mit beschränkter haftung and co kg
ag and co kg: ag co kg
se: societas europaea
ev: eingetragener verein
eg: eingetragene genossenschaft
sa: société anonyme, sociedad anónima, sociedade anónima, sociedade anônima, societe anonyme, sociedad anonima, spółka akcyjna
sas: société par actions simplifiée, societe par actions simplifiee
sarl: société à responsabilité limitée, societe a responsabilite limitee
snc: société en nom collectif, società in nome collettivo
spa: società per azioni, societa per azioni
srl: società a responsabilità limitata, societa a responsabilita limitata, societate cu răspundere limitată
sl: sociedad limitada
slu: sociedad limitada unipersonal
sau: sociedad anónima unipersonal
sa de cv: sociedad anónima de capital variable, sociedad anonima de capital variable
s de rl de cv: sociedad de responsabilidad limitada de capital variable
lda: limitada
ltda: sociedade limitada
bv: besloten vennootschap
nv: naamloze vennootschap
vof: vennootschap onder firma
bvba: besloten vennootschap met beperkte aansprakelijkheid
as: aksjeselskap, anonim şirketi, akciová společnost, akciová spoločnosť
aps: anpartsselskab
ab: aktiebolag
oy: osakeyhtiö
oyj: julkinen osakeyhtiö
hf: hlutafélag
ehf: einkahlutafélag
spzoo: sp zoo, sp z oo, spółka z ograniczoną odpowiedzialnością, spolka z ograniczona odpowiedzialnoscia, spółka z oo, spółka zoo
spk: spółka komandytowa, sp k
spj: spółka jawna, sp j
sro: společnost s ručením omezeným, spol sro, spol s ro, spoločnosť s ručením obmedzeným
kft: korlátolt felelősségű társaság
zrt: zártkörűen működő részvénytársaság
nyrt: nyilvánosan működő részvénytársaság
doo: društvo s ograničenom odgovornošću, drustvo s ogranicenom odgovornoscu, družba z omejeno odgovornostjo
dd: dioničko društvo, delniška družba
ood: дружество с ограничена отговорност, оод
ead: еад
uab: uždaroji akcinė bendrovė
sia: sabiedrība ar ierobežotu atbildību
oü: osaühing, ou
ooo: ооо, общество с ограниченной ответственностью
oao: оао, открытое акционерное общество
zao: зао, закрытое акционерное общество
pao: пао, публичное акционерное общество
ao: ао, акционерное общество
tov: тов, товариство з обмеженою відповідальністю
pt: perseroan terbatas
tbk: terbuka
kk: kabushiki kaisha, kabushikigaisha
gk: godo kaisha
yk: yugen kaisha
youxian: 有限责任公司
gufen: 股份有限公司
co ltd: company limited, company ltd, co limited
"""
FORMS: dict[Words, str] = {
    tuple(spelling.split()): short.strip().replace(" ", "")
    for short, _, others in (line.partition(":") for line in _SPELLINGS.strip().splitlines())
    for spelling in (short, *others.split(","))
    if spelling.strip()
}
LONGEST = max(map(len, FORMS))
SHORT = frozenset(FORMS.values())
LAST_WORDS = frozenset(form[-1] for form in FORMS) | SHORT
# Forms that are written before the name ("OOO Romashka", "PT Maju Jaya"); more would take names for forms ("Sa", "As").
BEFORE = frozenset({"ooo", "oao", "zao", "pao", "ao", "tov", "pt", "uab", "sia", "ab", "oy", "sarl", "eurl", "kk", "gk", "yk"})
# Written without a space before or after the name.
ATTACHED = {"株式会社": "kk", "有限会社": "yk", "合同会社": "gk", "股份有限公司": "gufen", "有限责任公司": "youxian", "有限公司": "youxian"}

# cleanco lists these as forms; at the end of a name they are words more often.
_WORDS = frozenset({"private", "da", "et", "dat", "vat", "ses", "pp", "mb", "teo", "cpt", "unlimited"})


def _maintained() -> frozenset[Words]:
    """The forms that cleanco knows, spelled as `names.folded` leaves them.

    Its own removal is not used: it goes over its list once, so that "Co. Ltd" loses its end alone, and leaves nothing of "Coop".
    """
    listed = {tuple(parts) for _, parts in prepare_default_terms()}
    cleaned = {tuple("".join(c for c in part if c.isalnum()) for part in parts) for parts in listed}
    return frozenset(parts for parts in cleaned if all(parts) and not (len(parts) == 1 and parts[0] in _WORDS))


STRIPPED: frozenset[Words] = _maintained()
LONGEST_STRIPPED = max(map(len, STRIPPED))
