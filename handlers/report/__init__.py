"""Reporting a hazard: photos and a place in any order, one tap for the kind; the township's card with 受理 and 驳回."""

from telegram.ext import filters

from handlers.kit import Command, Feature, answering, command, edited, key, message, pressed
from handlers.report import card, draft, files, patrol, screen
from handlers.report.presses import (
    Accept,
    Alarm,
    Another,
    Confirm,
    HereAbouts,
    Kinds,
    NoPhoto,
    Open,
    Photos,
    Reject,
    Replace,
    SendAll,
    Toggle,
    Where,
    Withdraw,
)  # fmt: skip
from locales import N_

REPORT_KEY = N_("📷 Report a hazard")
FIRE_KEY = N_("🔥 Report a fire")

FEATURE = Feature(
    routes=[
        command("report", draft.how),
        key(REPORT_KEY, draft.how),
        command("fire", draft.fire),
        key(FIRE_KEY, draft.fire),
        command("patrol", patrol.patrol),
        message(filters.PHOTO, draft.take_photo),
        # Some phones do not know the kind of their own pictures.
        message(filters.Document.IMAGE | filters.Document.FileExtension("heic"), draft.take_file),
        message(filters.VOICE, draft.take_voice),
        message(filters.LOCATION | filters.VENUE, draft.take_place),
        edited(filters.TEXT | filters.CAPTION, draft.revised),
        pressed(HereAbouts, draft.hereabouts),
        pressed(Replace, draft.replace),
        pressed(NoPhoto, draft.no_photo),
        pressed(Toggle, draft.toggle),
        pressed(Confirm, draft.confirm),
        pressed(Kinds, draft.choose_kind),
        pressed(Alarm, draft.alarm),
        pressed(Another, draft.another),
        pressed(Withdraw, draft.withdraw),
        pressed(SendAll, patrol.send_all),
        pressed(Accept, card.accept),
        pressed(Reject, card.reject),
        pressed(Open, card.bring),
        pressed(Photos, card.photos),
        pressed(Where, card.where),
        answering("report.reject", card.reject_because),
        message(filters.TEXT & ~filters.COMMAND, draft.take_words),
    ],
    renderers={
        "report.how": screen.instructions,
        "report.screen": screen.screen,
        "report.nudge": screen.reminder,
        "report.patrol": patrol.begun,
        "report.review": patrol.review,
        "report.card": card.card,
        "report.photos": card.album,
        "report.file": card.file,
        "report.voice": card.voice,
        "report.lost": files.lost,
        "report.disk_full": files.disk_full,
        "report.where": card.spot,
        "report.why": card.why,
        "report.verify.due": card.reminder,
        "report.emergency.due": card.reminder,
    },
    refusals={
        "report.not_found": N_("There is no such report for you. Check the number, or ask who sent it to you."),
        "report.bad_number": N_("One sign of this number is wrong. Please compare it once more."),
        "report.moved_on": N_("This was dealt with already; the report shows what is true now."),
        "report.too_late": N_("It was sent too long ago to be withdrawn. Please phone the officers of your township."),
        "report.not_your_township": N_("Only officers of its township and the county decide about this report."),
        "report.own_report": N_("You reported this yourself, so another officer must decide."),
        "report.no_village": N_(
            "You hold no post in a village or township, so a report of yours has no home. "
            "Ask a township officer to report it."
        ),
        "report.no_kind": N_("This kind no longer exists. Choose another one."),
        "report.incomplete": N_(
            "The place or the photo is still missing. Send it, or press the button that goes on without."
        ),
        "report.reason_needed": N_("Please write the reason in a few words."),
        "report.bad_place": N_("This place lies nowhere on earth. Send it once more."),
    },
    commands=[
        Command("report", N_("Report a hazard"), roles=draft.REPORTERS),
        Command("fire", N_("Report a fire"), roles=draft.REPORTERS),
        Command("patrol", N_("Begin or end a patrol"), roles=draft.REPORTERS),
    ],
    task_lines={"report.verify": card.task_line, "report.emergency": card.task_line},
)
