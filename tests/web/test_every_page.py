import pytest
pytestmark = pytest.mark.django_db
def test_x(everything):
    for page in everything.pages():
        for a in everything.addresses(page.route):
            got={}
            for name in [None,*everything.people]:
                c=everything.signed_in(name)
                r=c.get(a)
                got.setdefault((r.status_code, r.get("Location","")[:40]),[]).append(name)
            print(page.name, a, {k:(v if len(v)<4 else len(v)) for k,v in got.items()})
        if not everything.addresses(page.route): print("NONE", page)
