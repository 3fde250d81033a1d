"""What the vault does: give surrogates, keep words and fingerprints, rotate keys, erase, in the caller's transaction."""

from yinuo.vault.actions.at_once import AtOnce, Hand, keep_words
from yinuo.vault.actions.erase import Beyond, ErasedAgain, clear_traces, compact, erase, replay_erasures
from yinuo.vault.actions.fingerprints import FingerprintRow, Print, fingerprint_rows, forget_told, keep_fingerprint_rows
from yinuo.vault.actions.foresight import Foreseen, Foresight, keep_foreseen
from yinuo.vault.actions.own import seal_own
from yinuo.vault.actions.rotate import open_keys, renew_data_keys, rewrap, rotate
from yinuo.vault.actions.surrogates import Name, begin_epoch, forget_surrogates, known_surrogates
from yinuo.vault.actions.texts import TextRow, Words, keep_text_rows, other_words

__all__ = [
    "AtOnce",
    "Beyond",
    "ErasedAgain",
    "FingerprintRow",
    "Foreseen",
    "Foresight",
    "Hand",
    "Name",
    "Print",
    "TextRow",
    "Words",
    "begin_epoch",
    "clear_traces",
    "compact",
    "erase",
    "fingerprint_rows",
    "forget_surrogates",
    "forget_told",
    "keep_fingerprint_rows",
    "keep_foreseen",
    "keep_text_rows",
    "keep_words",
    "known_surrogates",
    "open_keys",
    "other_words",
    "renew_data_keys",
    "replay_erasures",
    "rewrap",
    "rotate",
    "seal_own",
]
