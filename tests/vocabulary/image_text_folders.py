"""Tiny networks of pictures and words in the format of the real ones, with random weights."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import CLIPConfig, CLIPModel, PreTrainedTokenizerFast, SiglipConfig, SiglipModel

WORDS = ["[UNK]", "[PAD]", "[EOS]", "This", "is", "a", "photo", "of", "dog", "car", "screen", "."]
SIDE = 32


def save_network(folder: Path, kind: str) -> Path:
    """A CLIP or SigLIP network and its tokenizer, as `save_pretrained` writes them."""
    torch.manual_seed(3)
    size = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
    special = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 1}
    text = {**size, **special, "vocab_size": len(WORDS), "max_position_embeddings": 12}
    vision = {**size, "image_size": SIDE, "patch_size": 8}
    if kind == "clip":
        model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=24))
    else:
        model = SiglipModel(SiglipConfig(text_config=text, vision_config=vision))
    with torch.no_grad():
        model.logit_scale.fill_(2.0)
        if kind == "siglip":
            model.logit_bias.fill_(-0.5)
    model.save_pretrained(folder)
    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", eos_token="[EOS]")
    fast.save_pretrained(folder)
    return folder
