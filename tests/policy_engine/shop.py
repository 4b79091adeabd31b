"""A shop for tests: one CSV file, two people, and the document that governs them."""

CSV = "id,email,card,land,total\n1,a@x.test,4539797705756008,NO,10.5\n2,b@x.test,4539797705756009,SE,20\n"
SHOP = """
veil: 1
sources: {s: {connector: files, path: ./d}}
databases: {shop: {}}
tags: {pii.email: {level: confidential}, fin.card: {level: restricted}}
datasets:
  shop.orders: {source: s, relation: orders.csv, columns: {email: {tags: [pii.email]}, card: {tags: [fin.card]}}}
roles: {clerk: {groups: [clerks]}, boss: {groups: [admin]}}
users: {kim: {groups: [clerks], attributes: {land: NO}}, max: {groups: [admin]}}
policies:
  - policy: clerks
    grant: select
    to: [clerk]
    scope: shop
    having: not fin.card
    transform: [{tagged: pii.email, with: tokenize()}]
    where: land = user_attribute('land')
    why: example
  - {policy: bosses, grant: select, to: [boss], scope: "*", why: example}
"""
