"""People: joining by one's own contact, and the roster as officers see it and keep it true."""

from telegram.ext import filters

from handlers.kit import Command, Feature, answering, command, key, message, pressed
from handlers.people import changes, join, lists
from handlers.people.presses import (
    Add,
    Area,
    Change,
    Choose,
    End,
    GiveRole,
    GiveUp,
    Listing,
    Look,
    Move,
    OpenCard,
    Places,
    Reached,
    ShowPhone,
)
from locales import N_
from models import response
from models.people import rules

PEOPLE_KEY = N_("👥 People")

FEATURE = Feature(
    routes=[
        message(filters.CONTACT & changes.OthersContact(), changes.contact),
        message(filters.CONTACT, join.join),
        command("people", lists.mine),
        key(PEOPLE_KEY, lists.mine),
        pressed(Area, lists.area),
        pressed(Places, lists.places),
        pressed(Listing, lists.listing),
        pressed(OpenCard, lists.open_card),
        pressed(ShowPhone, lists.show_phone),
        pressed(Reached, lists.reached),
        pressed(Change, changes.change),
        answering("people.name", changes.renamed),
        answering("people.phone", changes.renumbered),
        pressed(Move, changes.move),
        pressed(End, changes.end),
        pressed(Add, changes.add),
        answering("people.add", changes.typed),
        answering("people.move", changes.typed),
        pressed(GiveRole, changes.give_role),
        pressed(Look, changes.look),
        pressed(Choose, changes.choose),
        pressed(GiveUp, changes.give_up),
    ],
    renderers={
        "people.untied": join.untied,
        "people.area": lists.area_screen,
        "people.places": lists.places_screen,
        "people.list": lists.list_screen,
        "people.card": lists.card_screen,
        "people.add": changes.add_screen,
        "people.role": changes.role_screen,
        "people.place": changes.place_screen,
        "people.change": changes.change_screen,
        "person.unreachable.due": lists.reminder,
    },
    refusals={
        "people.stranger": N_(
            "This number is not in the roster. "
            "Ask the officers of your township to add you, then press the button again."
        ),
        "people.foreign_contact": N_(
            "That is not your own number. "
            "Please press the button below; a forwarded or another's contact does not count."
        ),
        "people.not_your_post": N_("Your post does not include this. /help shows what you can do."),
        "people.settled": N_("That has been settled already."),
        "people.not_your_region": N_("That is not in your area. Ask its own officers or the county."),
        "people.gone": N_("That person or post is not in the roster any more. /people shows who is."),
        "people.no_region": N_("There is no division with the code %(code)s."),
        "people.higher_post": N_("This person holds a post outside your area too: the county corrects name and phone."),
        "people.elsewhere": N_(
            "This number is in the roster of another township. "
            "Ask its officers to end the post there, or ask the county."
        ),
        "people.phone_taken": N_("This number is somebody else's in the roster already."),
        "people.not_yourself": N_("You cannot do that to yourself. Ask a colleague or the county."),
        "people.holds_already": N_("%(name)s holds this post already."),
        "people.moved_nowhere": N_("That is where this post is already. Choose another place."),
        "people.wrong_level": N_("This post cannot be held at that place. Choose another place."),
        "people.bad_phone": N_("That is no phone number that can exist. Please compare it and send it once more."),
        "people.bad_name": N_("That is no name. Write the name alone, at most 40 characters."),
        "people.name_and_phone": N_("Write the name and the phone number in one message, the name first."),
        "people.no_draft": N_("This was given up or begun anew meanwhile. Press 👥 People to begin again."),
    },
    commands=[Command("people", N_("Who is there, who has not joined"), roles=rules.OFFICERS)],
    task_lines={response.UNREACHABLE: lists.task_line},
)
