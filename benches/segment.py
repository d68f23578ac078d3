"""The yardstick of benches/language.rs: milliseconds of CPU that word segmentation takes for one of the texts in a JSON file.
Needs pyvi or underthesea from PyPI."""
import json
import sys
import time

try:
    from pyvi import ViTokenizer
    name, segment = "pyvi", ViTokenizer.tokenize
except ImportError:
    import underthesea
    name, segment = "underthesea " + underthesea.__version__, underthesea.word_tokenize

texts = json.load(open(sys.argv[1], encoding="utf-8"))
segment(texts[0])
began = time.process_time()
for text in texts:
    segment(text)
print((time.process_time() - began) * 1000 / len(texts))
print("yardstick:", name, file=sys.stderr)
