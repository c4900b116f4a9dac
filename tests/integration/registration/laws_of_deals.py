"""What holds of every deal, whatever was done: each query names what breaks its law, at the instant `$1`."""

_EVENTS = "select id, aggregatetype topic, headers::jsonb head, payload::jsonb body from outbox"
_MEET = "(starts_with(a.path || '/', b.path || '/') or starts_with(b.path || '/', a.path || '/'))"
_HOLDS = "state in ('open', 'in_review', 'returned') and granted and protection_ended_at is null and protected_until > $1"


def counted(topics: str, table: str, *, id_: str = "id", version: str = "version", first: int = 1) -> str:
    """Facts about a row are told in order, each version once: from the first to the row's own."""
    return f"""
with told as (select head->>'ce_subject' about, array_agg((head->>'ce_sequence')::int order by id) numbers
  from ({_EVENTS} where {topics}) e group by 1)
select t.{id_}, t.{version}, told.numbers from {table} t left join told on told.about = t.{id_}::text
where coalesce(told.numbers, '{{}}') is distinct from array(select generate_series({first}, t.{version}))"""


LAWS = {
    "no two protected slots meet": f"""
select a.deal_id, b.deal_id, a.during, b.during from protection_slots a join protection_slots b
on a.id < b.id and a.account_id = b.account_id and a.family = b.family and a.during && b.during and {_MEET}""",
    "a deal, or an offer, holds exactly what its state and its window say": f"""
with due as (
  select d.id, account_id, family, path, protected_until as until from deals d, unnest(families) family where {_HOLDS}
  union all select w.id, account_id, family, path, offered_until from waiting_list w, unnest(families) family
  where state = 'offered' and offered_until > $1
), held as (select deal_id, account_id, family, path, upper(during) as until, during from protection_slots where upper(during) > $1)
select coalesce(d.id, h.deal_id), d.family, d.until, h.family, h.during from due d full join held h
on h.deal_id = d.id and h.account_id = d.account_id and h.family = d.family and h.path = d.path and h.until = d.until and h.during @> $1
where d.id is null or h.deal_id is null""",
    "what was held stands on the account of who held it": """
select s.deal_id, s.account_id from protection_slots s
where not exists (select from deals d where d.id = s.deal_id and d.account_id = s.account_id and s.family = any(d.families))
  and not exists (select from waiting_list w where w.id = s.deal_id and w.account_id = s.account_id)
  and upper(s.during) > $1""",
    "a quota counts what takes a place": """
select q.partner_id, q.open_deals, count(d.id) from registration_quotas q
left join deals d on d.partner_id = q.partner_id and d.state in ('open', 'in_review', 'returned')
group by 1, 2 having q.open_deals <> count(d.id)""",
    "who may work has a quota": """
select id from known_partners k where state <> 'terminated' and not exists (select from registration_quotas q where q.partner_id = k.id)""",
    "facts about a deal are told in order, each version once": counted(
        "aggregatetype like 'deal.%' and aggregatetype <> 'deal.duplicate_refused'", "deals"
    ),
    "the latest facts about a deal are its partner's": f"""
select d.id, d.partner_id, e.topic from deals d join lateral (
  select topic, body from ({_EVENTS} where aggregatetype like 'deal.%') e where head->>'ce_subject' = d.id::text order by id desc limit 1
) e on true where e.body->>'partner_id' <> d.partner_id::text""",
    "the queue holds what is in review, and nothing else": """
select d.id, d.state, r.state from deals d full join deal_reviews r on r.deal_id = d.id
where (d.state in ('in_review', 'returned') and r.state is distinct from d.state)
  or (d.state not in ('in_review', 'returned') and r.state in ('in_review', 'returned'))""",
    "an extension that waits for a decision keeps something": """
select e.deal_id, d.state, e.keeps_until, d.protected_until from extension_requests e join deals d on d.id = e.deal_id
where e.state = 'pending'
  and (d.state <> 'open' or d.protection_ended_at is not null or d.expired
    or d.protected_until < e.keeps_until or d.partner_id <> e.partner_id)""",
    "a place in line is told of in order, each time once": counted(
        "aggregatetype like 'account.%'",
        "waiting_list",
        first=2,  # its refusal was the first
    ),
    "every deal has its receipt": "select id from deals d where not exists (select from receipts r where r.subject_id = d.id)",
}
