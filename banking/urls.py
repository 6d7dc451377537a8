"""The bank's pages. The API's addresses are in api_urls.py."""

from django.urls import path

from banking.pages import accounts, people, transfers
from banking.statements import pages as statements

urlpatterns = [
    path("", accounts.home, name="home"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/open/", accounts.open_account, name="account-open"),
    path("accounts/<str:account_id>/", accounts.account, name="account"),
    path("accounts/<str:account_id>/fund/", accounts.fund, name="account-fund"),
    path("accounts/<str:account_id>/statements/", statements.statements, name="account-statements"),
    path("accounts/<str:account_id>/statement/", statements.statement, name="account-statement"),
    path(
        "accounts/<str:account_id>/statement/<str:format>/",
        statements.statement_file,
        name="account-statement-file",
    ),
    path("send/", transfers.send, name="send"),
    path("send/preview/", transfers.preview, name="send-preview"),
    path("activity/", transfers.activity, name="activity"),
    path("transfers/<str:transfer_id>/", transfers.transfer, name="transfer"),
    path(
        "transfers/<str:transfer_id>/confirm/",
        transfers.confirm,
        name="transfer-confirm",
    ),
    path("transfers/<str:transfer_id>/cancel/", transfers.cancel, name="transfer-cancel"),
    path("profile/", people.profile, name="profile"),
    path("security/", people.security, name="security"),
]
