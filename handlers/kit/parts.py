"""A message's photo, file, voice or place as the part of a report or proof that it is. Keeps nothing."""

from __future__ import annotations

from telegram import Message
from telegram.ext import filters

from models.report.intake import PhotoPart, PlacePart
from models.report.rules import Form, PlaceSource

# Some phones do not know the kind of their own pictures.
PICTURE_FILE = filters.Document.IMAGE | filters.Document.FileExtension("heic")
EVIDENCE = filters.PHOTO | PICTURE_FILE | filters.VOICE
PLACE = filters.LOCATION | filters.VENUE


def evidence_of(message: Message) -> PhotoPart:
    """A photo, a picture sent as a file, which keeps what the camera wrote into it, or a voice note."""
    if message.photo:
        photo = message.photo[-1]
        return PhotoPart(photo.file_id, photo.file_unique_id, message.media_group_id)
    if message.document is not None:
        file = message.document
        return PhotoPart(file.file_id, file.file_unique_id, message.media_group_id, Form.FILE)
    assert message.voice is not None
    return PhotoPart(message.voice.file_id, message.voice.file_unique_id, form=Form.VOICE)


def place_of(message: Message) -> PlacePart:
    """The phone's own position, a pin, or a venue."""
    if message.venue is not None:
        spot = message.venue.location
        words = f"{message.venue.title} {message.venue.address}".strip()
        return PlacePart(spot.latitude, spot.longitude, words=words, source=PlaceSource.VENUE)
    assert message.location is not None
    return PlacePart(message.location.latitude, message.location.longitude, message.location.horizontal_accuracy)
