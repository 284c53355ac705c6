"""Reporting a hazard: photos and a place in any order, one tap for the kind, and what became of it."""

from telegram.ext import filters

from handlers.kit import Command, Feature, command, edited, key, message, pressed
from handlers.kit.parts import EVIDENCE, PLACE
from handlers.report import alike, draft, files, marks, patrol, screen, zero
from handlers.report.presses import (
    Alarm,
    Another,
    Clear,
    Confirm,
    Different,
    Drop,
    Duty,
    HereAbouts,
    InConfidence,
    Kinds,
    LastIsAfter,
    Mark,
    NoPhoto,
    Pick,
    Replace,
    Review,
    Same,
    SendAll,
    ShowOther,
    Toggle,
    Withdraw,
)  # fmt: skip
from locales import N_

REPORT_KEY = N_("📷 Report a hazard")
FIRE_KEY = N_("🔥 Report a fire")
CLEAR_KEY = N_("✅ Nothing found today")

FEATURE = Feature(
    routes=[
        command("report", draft.how),
        key(REPORT_KEY, draft.how),
        command("fire", draft.fire),
        key(FIRE_KEY, draft.fire),
        command("patrol", patrol.patrol),
        command("zero", zero.say),
        key(CLEAR_KEY, zero.say),
        message(EVIDENCE, draft.take_evidence),
        message(PLACE, draft.take_place),
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
        pressed(Same, alike.same),
        pressed(Different, alike.different),
        pressed(ShowOther, alike.show_other),
        pressed(Mark, marks.mark),
        pressed(InConfidence, marks.in_confidence),
        pressed(LastIsAfter, marks.last_is_after),
        pressed(SendAll, patrol.send_all),
        pressed(Review, patrol.look),
        pressed(Pick, patrol.pick),
        pressed(Drop, patrol.drop),
        pressed(Clear, zero.clear),
        pressed(Duty, zero.duty),
        message(filters.TEXT & ~filters.COMMAND, draft.take_words),
    ],
    renderers={
        "report.how": screen.instructions,
        "report.screen": screen.screen,
        "report.nudge": screen.reminder,
        "report.other": alike.other,
        "report.patrol": patrol.begun,
        "report.review": patrol.review,
        "report.clear": zero.cleared,
        "report.duty": zero.overview,
        "report.lost": files.lost,
        "report.disk_full": files.disk_full,
    },
    refusals={
        "report.not_found": N_("There is no such report for you. Check the number, or ask who sent it to you."),
        "report.bad_number": N_("One sign of this number is wrong. Please compare it once more."),
        "report.moved_on": N_("This was dealt with already; the report shows what is true now."),
        "report.moved_on.by": N_("%(by)s was quicker and has dealt with this; the card shows what is true now."),
        "report.too_late": N_("It was sent too long ago to be withdrawn. Please phone the officers of your township."),
        "report.joined": N_("Others reported the same and rely on it, so it goes on. Please phone your township."),
        "report.no_village": N_(
            "You hold no post in a village or township, so a report of yours has no home. "
            "Ask a township officer to report it."
        ),
        "report.no_kind": N_("This kind no longer exists. Choose another one."),
        "report.incomplete": N_(
            "The place or the photo is still missing. Send it, or press the button that goes on without."
        ),
        "report.no_after": N_("Send the photo after mending first, or take back 🔧."),
        "report.not_clear": N_("That round had findings, so it is not one without. Press ✅ in the menu instead."),
        "report.reason_needed": N_("Please write the reason in a few words."),
        "report.bad_place": N_("This place lies nowhere on earth. Send it once more."),
    },
    commands=[
        Command("report", N_("Report a hazard"), roles=draft.REPORTERS),
        Command("fire", N_("Report a fire"), roles=draft.REPORTERS),
        Command("patrol", N_("Begin or end a patrol"), roles=draft.REPORTERS),
        Command("zero", N_("Nothing found today")),
    ],
)
