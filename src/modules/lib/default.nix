# What `import <nixus/lib>` gives: the library that network modules get as `lib`. It is made by Nixus itself, which
# puts it into scope under this name.
__nixusLib
