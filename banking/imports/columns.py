"""What the columns of a CSV mean: by their names in ten languages, then by content. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from banking.imports.amounts import is_amount, sign_of
from banking.imports.dates import is_date

ROLES = {
    "": "Ignore",
    "booked": "Booking date",
    "value_date": "Value date",
    "amount": "Amount, with its sign",
    "debit": "Money out",
    "credit": "Money in",
    "sign": "Debit or credit",
    "currency": "Currency",
    "counterparty": "Name",
    "payee": "Who was paid",
    "payer": "Who paid",
    "text": "Text",
    "reference": "Reference, unique",
    "balance": "Balance afterwards",
}
SEVERAL = {"", "text", "counterparty"}  # roles that more than one column may have

# Names as banks print them, after `plain`; an earlier name wins over a later one of its role.
_NAMES: dict[str, str] = {
    "booked": """
        buchungstag, buchungsdatum, buchung, booking date, posting date, posted date, post
        date, date posted, completed date, completed date utc, date de comptabilisation,
        date comptable, date operation, date d operation, fecha operacion, fecha contable,
        fecha de operacion, data contabile, data operazione, data operacji, data
        ksiegowania, boekdatum, boekingsdatum, bokforingsdag, bokforingsdatum,
        bogforingsdato, transaction date, transaktionsdatum, transactiondate, trans date,
        date, datum, fecha, data, dato, started date, transaction date utc, umsatzdatum,
        belegdatum
    """,
    "value_date": """
        valutadatum, valuta datum, valuta, wertstellung, wertstellungsdatum, wert, value
        date, fecha valor, f valor, data valuta, date de valeur, date valeur, rentedatum,
        interest date, valutadag, data waluty
    """,
    "amount": """
        amount, betrag, transaction amount, net amount, importe, importo, montant, bedrag,
        kwota, belopp, belob, umsatz, valor, value, netto, net, quantia, montante, amount in
        account currency, kwota operacji, transactiebedrag, brutto
    """,
    "debit": """
        paid out, money out, debit, debit amount, withdrawal, withdrawals, withdrawal
        amount, withdrawal amt, soll, lastschrift, belastung, ausgang, ausgaben, debe,
        cargo, cargos, dare, uscite, addebiti, addebito, afschrijving, out, payments,
        debits, obciazenia, debito, spent
    """,
    "credit": """
        paid in, money in, credit, credit amount, deposit, deposits, deposit amount, deposit
        amt, haben, gutschrift, eingang, einnahmen, haber, abono, abonos, avere, entrate,
        accrediti, accredito, bijschrijving, in, receipts, credits, uznania, credito,
        received
    """,
    "sign": """
        debit credit, credit debit, credit debit indicator, af bij, soll haben, soll haben
        kennzeichen, s h, d c, dc, cr dr, dr cr, debit credit indicator, credit or debit,
        sens, kennzeichen, details, transaction type, type
    """,
    "currency": """
        wahrung, waehrung, currency, devise, divisa, munt, muntsoort, ccy, moneda, valuta,
        valutakod, waluta, currency code, account currency
    """,
    "counterparty": """
        name, counterparty, counterparty name, counter party, beguenstigter
        zahlungspflichtiger, auftraggeber empfanger, empfanger auftraggeber, name
        zahlungsbeteiligter, auftraggeber beguenstigter, auftraggeber begunstigter, naam
        tegenpartij, name description, merchant, merchant name, nom, kontrahent, nadawca
        odbiorca, naam, partner name, counterparty account name, empfanger name
    """,
    "payee": """
        payee, zahlungsempfanger, zahlungsempfanger in, zahlungsempfangerin, empfanger,
        beneficiary, beneficiary name, beneficiario, beneficiaire, odbiorca, mottagare
    """,
    "payer": """
        payer, zahlungspflichtige r, zahlungspflichtiger, zahlungspflichtige, auftraggeber,
        ordering party, ordenante, nadawca, avsandare
    """,
    "text": """
        verwendungszweck, description, transaction description, memo, narrative, narrative
        1, narrative 2, narration, libelle, libelle operation, concepto, descripcion,
        descrizione, causale, omschrijving, omschrijving 1, mededelingen, notifications,
        notes, notes and tags, buchungstext, betreff, buchungsdetails, particulars, payment
        reference, reference, tytul, tytul operacji, opis operacji, meddelande, text,
        detail, details, concept, descricao, remittance information, original description,
        avisierungstext, communication, remarks
    """,
    "reference": """
        transaction id, transaction reference, fitid, id, unique id, reference number,
        transaktionscode, transaktions id, bank reference, reference de l operation, volgnr,
        transaction number, transactie id, numero, number, transactiereferentie, end to end
        id, transfer id, transferwise id
    """,
    "balance": """
        balance, running balance, running bal, saldo, solde, saldo nach buchung, saldo na
        trn, balance after, kontostand, account balance, closing balance, saldo po operacji,
        balance after transaction, saldo disponible, resulting balance, available balance
    """,
}
_BY_NAME: dict[str, list[tuple[int, str]]] = {}
for _role, _names in _NAMES.items():
    for _rank, _name in enumerate(_names.split(",")):
        _BY_NAME.setdefault(" ".join(_name.split()), []).append((_rank, _role))

_FOLDED = str.maketrans(
    "äöüåáàâãéèêëíìîïóòôõúùûñçøæłńśźżąęć", "aouaaaaaeeeeiiiioooouuuncoalnszzaec"
)
_BRACKETS = re.compile(r"[\[(][^\])]*[\])]")
_NOT_WORDS = re.compile(r"[\W_]+")
_NAME_MAX = 80  # a longer one is not a name, and brackets are looked for in it
_CURRENCY = re.compile(r"[A-Z]{3}")
_CODE = re.compile(r"[A-Z]{0,4}[0-9]{2}[A-Z0-9 -]*|[0-9 ./-]+")
_CURRENCY_WORDS = {"eur", "euro", "euros", "usd", "gbp", "chf", "pln", "sek", "dkk", "nok", "czk"}


def plain(name: str) -> str:
    """A column's name without case, accents, brackets and the currency some banks put there."""
    folded = name[:_NAME_MAX].casefold().translate(_FOLDED).replace("ß", "ss")
    words = _NOT_WORDS.sub(" ", _BRACKETS.sub(" ", folded) or folded).split()
    named = [word for word in words if word not in _CURRENCY_WORDS and word != "in"]
    if len(words) > 1 and words[-1] in _CURRENCY_WORDS:
        return " ".join(named)
    return " ".join(words)


def is_header(row: Sequence[str]) -> bool:
    """Whether these are names of columns: two that we know, one of them a day or an amount."""
    roles = [role for name in row for _, role in _BY_NAME.get(plain(name), ())]
    known = sum(plain(name) in _BY_NAME for name in row)
    return known >= 2 and not {"booked", "amount", "debit", "credit"}.isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a column of the sample, as shares of its cells that are not empty."""

    filled: float
    dates: float
    amounts: float
    precise: float  # amounts with decimals, a sign or a currency: not just a whole number
    signs: float
    currencies: float
    distinct: float
    letters: float  # on average
    codes: float  # numbers of accounts and the like
    negative: bool

    @classmethod
    def of(cls, cells: Sequence[str]) -> "Content":
        found = [cell.strip() for cell in cells if cell.strip()]
        count = len(found) or 1

        def share(test: Callable[[str], bool]) -> float:
            return sum(map(test, found)) / count

        return cls(
            filled=len(found) / (len(cells) or 1),
            dates=share(is_date),
            amounts=share(is_amount),
            precise=share(_is_precise),
            signs=share(lambda cell: sign_of(cell) is not None),
            currencies=share(lambda cell: _CURRENCY.fullmatch(cell) is not None),
            distinct=len(set(found)) / count,
            letters=sum(sum(map(str.isalpha, cell)) for cell in found) / count,
            codes=share(lambda cell: _CODE.fullmatch(cell) is not None),
            negative=any("-" in cell or "−" in cell for cell in found),
        )


def _is_precise(cell: str) -> bool:
    """Money rather than a number of something: an account number has no decimals and no sign."""
    return is_amount(cell) and re.search(r"[,.][0-9]{1,3}\b|^[-+(−]|[-+)]$", cell) is not None


def _fits(role: str, content: Content) -> bool:
    """Whether what is in a column can have the role its name promises; some lines may be bad."""
    if not content.filled:
        return role not in {"booked", "reference"}
    tests = {
        "booked": content.dates > 0.4,
        "value_date": content.dates > 0.4,
        "amount": content.amounts > 0.4,
        "debit": content.amounts > 0.4,
        "credit": content.amounts > 0.4,
        "balance": content.amounts > 0.4,
        "sign": content.signs > 0.95,
        "currency": content.currencies > 0.95,
        "reference": content.distinct == 1 and content.filled > 0.95,
    }
    worded = content.signs < 0.95 and content.codes < 0.5
    return tests.get(role, worded)


def guess_roles(header: Sequence[str], columns: Sequence[Sequence[str]]) -> list[str]:
    """A role for every column; "" for what we have no use for."""
    contents = [Content.of(column) for column in columns]
    roles = [""] * len(columns)
    _by_name(header, contents, roles)
    _by_content(contents, columns, roles)
    _tidy(contents, roles)
    return roles


def _by_name(header: Sequence[str], contents: Sequence[Content], roles: list[str]) -> None:
    offers = sorted(
        (rank, at, role)
        for at, name in enumerate(header[: len(roles)])
        for rank, role in _BY_NAME.get(plain(name), ())
        if _fits(role, contents[at])
    )
    for _, at, role in offers:
        if not roles[at] and (role in SEVERAL or role not in roles):
            roles[at] = role


def _by_content(
    contents: Sequence[Content], columns: Sequence[Sequence[str]], roles: list[str]
) -> None:
    def free(test: Callable[[Content], bool]) -> list[int]:
        return [at for at, content in enumerate(contents) if not roles[at] and test(content)]

    if "booked" not in roles:
        days = free(lambda c: c.dates > 0.9 and c.filled > 0.9)
        for at, role in zip(days, ("booked", "value_date"), strict=False):
            if role not in roles:
                roles[at] = role
    if not {"amount", "debit", "credit"} & set(roles):
        money = free(lambda c: c.amounts > 0.9 and c.precise > 0.5 and c.filled > 0.02)
        _name_money(money, contents, columns, roles)
    if "currency" not in roles:
        for at in free(lambda c: c.currencies == 1 and c.filled > 0.9)[:1]:
            roles[at] = "currency"
    if "text" not in roles:
        worded = free(lambda c: c.letters > 2 and c.signs < 0.9 and c.dates < 0.5)
        worded.sort(key=lambda at: -contents[at].letters)
        for at in worded[:1]:
            roles[at] = "text"


def _name_money(
    money: list[int],
    contents: Sequence[Content],
    columns: Sequence[Sequence[str]],
    roles: list[str],
) -> None:
    """Two columns that are never filled together are out and in; else the signed one."""
    for out, into in pairwise(money):
        if _alternate(columns[out], columns[into]):
            roles[out], roles[into] = "debit", "credit"
            break
    else:
        signed = [at for at in money if contents[at].negative] or money
        # The smallest numbers are the amounts; the others are what was there before and after.
        for at in sorted(signed, key=lambda at: _size(columns[at]))[:1]:
            roles[at] = "amount"


def _alternate(out: Sequence[str], into: Sequence[str]) -> bool:
    filled = [(bool(a.strip()), bool(b.strip())) for a, b in zip(out, into, strict=True)]
    return sum(a != b for a, b in filled) > 0.95 * len(filled)


def _size(column: Sequence[str]) -> float:
    digits = [len(re.sub(r"[^0-9]", "", cell)) for cell in column if cell.strip()]
    return sum(digits) / (len(digits) or 1)


def _tidy(contents: Sequence[Content], roles: list[str]) -> None:
    """Roles that contradict each other: the surer one stays."""
    if "amount" in roles:
        if contents[roles.index("amount")].negative:
            _drop(roles, "sign")
        _drop(roles, "debit", "credit")
    else:
        _drop(roles, "sign")
    named = [role for role in roles if role in {"counterparty", "payee", "payer"}]
    if "counterparty" in named:
        _drop(roles, "payee", "payer")
    elif len(named) == 1:
        roles[roles.index(named[0])] = "counterparty"


def _drop(roles: list[str], *names: str) -> None:
    for at, role in enumerate(roles):
        if role in names:
            roles[at] = ""
