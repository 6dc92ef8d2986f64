"""Several views of the same objects: the picture and the sound, the picture and the table; views may be missing."""
