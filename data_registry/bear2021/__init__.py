"""Bear et al. 2021, Physion: what people say will touch what, in eight kinds of short physical scenes."""
