import pytest

from banking.numbers import AccountNumberInvalid, account_id_of, number_of


@pytest.mark.parametrize("account_id", [1, 42, 100_001, 10**12 - 1])
def test_a_number_leads_back_to_its_account(account_id):
    assert account_id_of(number_of(account_id)) == account_id
    assert account_id_of(number_of(account_id).replace(" ", "").lower()) == account_id


def test_every_single_wrong_digit_and_every_swap_is_noticed():
    number = number_of(100_042).replace(" ", "")
    wrong = {
        number[:i] + digit + number[i + 1 :]
        for i in range(2, len(number))
        for digit in "0123456789"
    } | {
        number[:i] + number[i + 1] + number[i] + number[i + 2 :] for i in range(2, len(number) - 1)
    }
    wrong.discard(number)
    for text in wrong:
        with pytest.raises(AccountNumberInvalid):
            account_id_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FT",
        "GB61 0000 0010 0042",
        "FT61 0000 0010 004",
        "FT61 0000 0010 00٤2",
        "a" * 10_000,
    ],
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(AccountNumberInvalid):
        account_id_of(text)
