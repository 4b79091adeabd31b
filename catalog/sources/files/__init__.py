"""Files as sources: which are meant, what they are, and how the engine reads them.

Reading order: kinds, sets, local_folder and layout (which files are meant); options, encodings, splitting, converting,
avro, spreadsheets and preparations (what the engine cannot read as it stands); scans, delimited, bad_rows, columns and
samples (how they are read); relation (all of it for one relation) and connector; s3_options, hollow, s3_looks and
s3_bucket (files in a bucket).
"""
