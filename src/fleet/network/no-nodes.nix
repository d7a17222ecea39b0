# A network without anything of its own, whose options are looked at where there is no network file.
{ }
