//! Ring 1: HTML of an article page → the article.
