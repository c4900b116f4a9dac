"""What holds of leads, co-selling, conflicts and the intake, whatever was done: each query names what breaks its law."""

from tests.integration.registration.laws_of_deals import counted

_LIVE = "select v.*, a.deal_id, a.partner_id as registrant from cosell_versions v join cosell_agreements a on a.id = v.agreement_id"
_INACTIVE = "select id from known_partners where state <> 'active'"

LAWS = {
    "a lead that was converted is a deal's, and a deal's lead was converted": """
select l.id, d.id from (select * from leads where state = 'converted') l full join (select * from deals where lead_id is not null) d
on d.id = l.deal_id and d.lead_id = l.id where l.id is null or d.id is null""",
    "facts about a lead are told in order, each version once": counted("aggregatetype like 'lead.%'", "leads"),
    "the vendor's open leads are with partners who may work": f"""
select id, state from leads where state in ('shared', 'accepted') and (
  (direction = 'to_partner' and partner_id in ({_INACTIVE}))
  or partner_id in (select id from known_partners where state = 'terminated'))""",
    "nobody waits, or keeps a draft, who may not": f"""
select id, 'waits' from waiting_list where state in ('waiting', 'offered') and partner_id in ({_INACTIVE})
union all select id, 'drafts' from drafts where partner_id in (select id from known_partners where state = 'terminated')""",
    "what is proposed is about an open deal, and what is in force about one that is not over": f"""
select v.agreement_id, v.state, d.state from ({_LIVE}) v join deals d on d.id = v.deal_id
where (v.state = 'proposed' and d.state <> 'open') or (v.state = 'in_force' and d.state not in ('open', 'won'))""",
    "what is agreed is its registrant's": f"""
select v.agreement_id, v.state from ({_LIVE}) v join deals d on d.id = v.deal_id
where v.state in ('proposed', 'in_force') and (d.partner_id <> v.registrant or d.partner_id <> v.partner_id)""",
    "who may not work is asked to sign nothing": f"""
select agreement_id from cosell_parties where state = 'proposed' and partner_id in ({_INACTIVE})""",
    "a party's row says what its version is": """
select p.agreement_id, p.number, p.state, v.state from cosell_parties p full join cosell_versions v using (agreement_id, number)
where p.state is distinct from v.state or p.hash is distinct from v.hash or p.document is distinct from v.document""",
    "a conflict has sides, its deals are on record, and each side knows how far it has come": """
select c.id, s.id from conflicts c left join conflict_sides s on s.conflict_id = c.id
where s.id is null or s.state <> c.state or s.step <> c.step or s.kind <> c.kind
  or exists (select from unnest(s.deal_ids) d where not exists (select from deals where id = d))
  or (select count(*) from conflict_sides o, unnest(o.deal_ids) d where o.conflict_id = c.id)
     <> (select count(distinct d) from conflict_sides o, unnest(o.deal_ids) d where o.conflict_id = c.id)""",
    "a conflict with the vendor's own sales has them as a side": """
select id from conflicts c where kind = 'direct_sales'
and not exists (select from conflict_sides s where s.conflict_id = c.id and s.partner_id is null)""",
    "who has a deal that an open conflict is about is one of its sides": """
select c.id, d.id from conflicts c join conflict_sides s on s.conflict_id = c.id join deals d on d.id = any(s.deal_ids)
where c.state = 'open' and not exists (select from conflict_sides o where o.conflict_id = c.id and o.partner_id = d.partner_id)""",
    "what a side of a conflict was told is counted": counted(
        "aggregatetype like 'conflict.%'", "(select * from conflict_sides where partner_id is not null)"
    ),
    "a decision is on record where a conflict was decided": """
select id from conflicts where (state = 'open') = (step in ('communicate', 'prevent')) or (state <> 'open') <> (ruling is not null)""",
    "what is wrong in the intake has its reason, and is no older than what is known": """
select e.id, e.code from intake_errors e left join deals d on d.source = e.source and d.external_id = e.name
where e.state = 'open' and (e.code = '' or e.message = ''
  or coalesce(d.source_version > e.source_version, d.source_changed_at > e.changed_at, false))""",
    "what waits has its reason": "select id from waiting_facts where reason = '' or subject is null",
    "a fact waits for a partner that is not known": """
select f.id from waiting_facts f join known_partners k on f.predecessor = 'partner:' || k.id""",
    "nothing was parked": "select id, error, detail from dead_letters",
    "what never came is older than what is known": """
select g.external_id, g.missing, d.source_version from intake_gaps g join deals d using (source, external_id)
cross join jsonb_array_elements(g.missing) m where (m->>1)::bigint >= d.source_version""",
}
