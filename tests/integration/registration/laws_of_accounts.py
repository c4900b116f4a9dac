"""What holds of accounts, whatever was merged, split, named and linked: each query names what breaks its law, at the instant `$1`."""

_NAMES_ACCOUNTS = {
    "deals": ("account_id",),
    "protection_slots": ("account_id",),
    "account_identifiers": ("account_id",),
    "account_keys": ("account_id",),
    "vendor_claims": ("account_id",),
    "waiting_list": ("account_id",),
    "account_links": ("parent_id", "child_id"),
    "account_distinctions": ("low_id", "high_id"),
}
_ON_MERGED = " union all ".join(
    f"select '{table}.{column}', {column} from {table} join accounts a on a.id = {column} where a.merged_into is not null"
    for table, columns in _NAMES_ACCOUNTS.items()
    for column in columns
)
_IN_FORCE = "(l.valid_until is null or l.valid_until > $1)"
_SUCCESSORS = """
successors(id, next) as (
  select id, id from accounts where merged_into is null
  union select a.id, s.next from successors s join accounts a on a.merged_into = s.id
)"""

LAWS = {
    "nothing stands on an account that was merged": _ON_MERGED,
    "a merged account leads to one that stands for itself": f"""
with recursive {_SUCCESSORS} select id from accounts where id not in (select id from successors)""",
    "an account that stands for itself has a name": """
select id from accounts a where merged_into is null and not exists (select from account_identifiers i where i.account_id = a.id)""",
    "no company is above itself": f"""
with recursive above(low, id) as (
  select l.child_id, l.parent_id from account_links l where {_IN_FORCE}
  union select above.low, l.parent_id from above join account_links l on l.child_id = above.id and {_IN_FORCE}
) select low from above where low = id""",
    "a question about an account is open": f"""
with recursive {_SUCCESSORS} select r.id from account_reviews r join successors mine on mine.id = r.account_id
where r.state = 'open' and not exists (
  select from account_likenesses l join successors other on other.id = l.account_id
  where l.review_id = r.id and other.next <> mine.next)""",
}
