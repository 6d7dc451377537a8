"""The bank's pages. The API's addresses are in api_urls.py."""

from django.urls import path

from banking.answers import pages as answers
from banking.care import pages as care
from banking.imports import pages as imports
from banking.insights import pages as insights
from banking.pages import accounts, people, transfers
from banking.payees import pages as payees
from banking.receipts import pages as receipts
from banking.returns import pages as returns
from banking.schedules import pages as schedules
from banking.sharing import pages as sharing
from banking.statements import pages as statements
from banking.whatif import pages as whatif

urlpatterns = [
    path("", accounts.home, name="home"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/open/", accounts.open_account, name="account-open"),
    path("accounts/<str:account_id>/", accounts.account, name="account"),
    path("accounts/<str:account_id>/fund/", accounts.fund, name="account-fund"),
    path("accounts/<str:account_id>/settings/", care.settings, name="account-settings"),
    path("accounts/<str:account_id>/freeze/", care.freeze, name="account-freeze"),
    path("accounts/<str:account_id>/thaw/", care.thaw, name="account-thaw"),
    path("accounts/<str:account_id>/close/", care.close, name="account-close"),
    path("accounts/<str:account_id>/people/", sharing.people, name="account-people"),
    path(
        "accounts/<str:account_id>/people/<str:share_id>/stop/",
        sharing.stop,
        name="account-people-stop",
    ),
    path(
        "accounts/<str:account_id>/invitations/<str:invitation_id>/withdraw/",
        sharing.withdraw,
        name="account-invitation-withdraw",
    ),
    path("invitations/<str:invitation_id>/", sharing.invitation, name="invitation"),
    path("shares/<str:share_id>/leave/", sharing.leave, name="share-leave"),
    path("accounts/<str:account_id>/statements/", statements.statements, name="account-statements"),
    path("accounts/<str:account_id>/statement/", statements.statement, name="account-statement"),
    path(
        "accounts/<str:account_id>/statement/<str:format>/",
        statements.statement_file,
        name="account-statement-file",
    ),
    path("send/", transfers.send, name="send"),
    path("send/preview/", transfers.preview, name="send-preview"),
    path("send/would-it-pass/", whatif.would_it_pass, name="what-if"),
    path("activity/", transfers.activity, name="activity"),
    path("transfers/<str:transfer_id>/", transfers.transfer, name="transfer"),
    path(
        "transfers/<str:transfer_id>/confirm/",
        transfers.confirm,
        name="transfer-confirm",
    ),
    path("transfers/<str:transfer_id>/cancel/", transfers.cancel, name="transfer-cancel"),
    path("transfers/<str:transfer_id>/answer/", answers.answer, name="transfer-answer"),
    path("transfers/<str:transfer_id>/denied/", answers.denied, name="transfer-denied"),
    path("transfers/<str:transfer_id>/dispute/", answers.dispute, name="transfer-dispute"),
    path("transfers/<str:transfer_id>/receipt.pdf", receipts.download, name="receipt"),
    path("transfers/<str:transfer_id>/return/", returns.give_back, name="transfer-return"),
    path("transfers/<str:transfer_id>/category/", insights.category, name="transfer-category"),
    path("insights/", insights.insights, name="insights"),
    path("payees/", payees.payees, name="payees"),
    path("payees/add/", payees.add, name="payee-add"),
    path("payees/<str:payee_id>/", payees.payee, name="payee"),
    path("payees/<str:payee_id>/remove/", payees.remove, name="payee-remove"),
    path("schedules/", schedules.schedules, name="schedules"),
    path("schedules/new/", schedules.new, name="schedule-new"),
    path("schedules/preview/", schedules.preview, name="schedule-preview"),
    path("schedules/<str:schedule_id>/", schedules.schedule, name="schedule"),
    path("schedules/<str:schedule_id>/change/", schedules.change, name="schedule-change"),
    path("schedules/<str:schedule_id>/pause/", schedules.pause, name="schedule-pause"),
    path("schedules/<str:schedule_id>/resume/", schedules.resume, name="schedule-resume"),
    path("schedules/<str:schedule_id>/skip/", schedules.skip, name="schedule-skip"),
    path("schedules/<str:schedule_id>/cancel/", schedules.cancel, name="schedule-cancel"),
    path("import/", imports.imports, name="imports"),
    path("import/<str:item_id>/", imports.one_import, name="import"),
    path("import/<str:item_id>/columns/", imports.correct, name="import-columns"),
    path("import/<str:item_id>/confirm/", imports.confirm, name="import-confirm"),
    path("import/<str:item_id>/undo/", imports.undo, name="import-undo"),
    path("import/<str:item_id>/errors.csv", imports.faults, name="import-errors"),
    path("outside/open/", imports.open_account, name="outside-open"),
    path("outside/<str:account_id>/", imports.account, name="outside"),
    path("outside/<str:account_id>/delete/", imports.delete_account, name="outside-delete"),
    path("profile/", people.profile, name="profile"),
    path("security/questions/", answers.questions, name="questions"),
    path("security/", people.security, name="security"),
]
