#include "core/data/data_options.h"

namespace panicle {

std::span<const Field<SplitOptions>> fieldTable(const SplitOptions*) {
  static const std::array table{
      field<&SplitOptions::kind>({.name = "kind",
                                  .label = "Validation images",
                                  .help = "How the images that judge the network are chosen; it never trains "
                                          "on them. random draws a share of all "
                                          "images; column takes the rows that a CSV column marks; none "
                                          "trains on everything and leaves nothing to "
                                          "judge by (for a last run before a submission).",
                                  .fastai = "RandomSplitter, ColSplitter"}),
      field<&SplitOptions::valid_pct>(
          {.name = "valid_pct",
           .label = "Share for validation",
           .help = "Of a random split: the share of all images set aside. 0.2 is usual; with few images take "
                   "less only if "
                   "you can bear a noisy error rate, with very many 0.1 or less is enough.",
           .fastai = "valid_pct",
           .min = 0.0,
           .max = 0.99}),
      field<&SplitOptions::seed>(
          {.name = "seed",
           .label = "Split seed",
           .help = "Of a random split: the same number gives the same validation images, and exactly those "
                   "that fastai "
                   "draws. Keep it the same while you compare runs. It also draws the subset.",
           .fastai = "seed of RandomSplitter"}),
      field<&SplitOptions::column>(
          {.name = "column",
           .label = "Split column",
           .help =
               "Of a column split: rows whose value is true, 1 or yes are validation; false, 0, no or an "
               "empty value "
               "train. fastai takes any text that is not empty for true, even \"False\"; Panicle does not.",
           .fastai = "col of ColSplitter"}),
  };
  return table;
}

std::span<const Field<SubsetOptions>> fieldTable(const SubsetOptions*) {
  static const std::array table{
      field<&SubsetOptions::classes>({.name = "classes",
                                      .label = "Only these classes",
                                      .help = "Uses just these labels and forgets the others: a quick trial "
                                              "on the smallest classes shows within a "
                                              "minute whether a recipe works at all. Empty: every class."}),
      field<&SubsetOptions::fraction>(
          {.name = "fraction",
           .label = "Share of each class",
           .help = "Uses this share of every class (at least one image), drawn with the split seed. 0.1 "
                   "makes a trial ten "
                   "times faster; use 1 for results that you want to compare with others'.",
           .min = 0.001,
           .max = 1.0}),
  };
  return table;
}

std::span<const Field<DataOptions>> fieldTable(const DataOptions*) {
  static const std::array table{
      field<&DataOptions::root>({.name = "root",
                                 .label = "Folder",
                                 .help = "The data set: a folder with one folder of images per class "
                                         "(directly or in train_images), or with a CSV "
                                         "that tells the labels. A CSV file can be given too.",
                                 .fastai = "path"}),
      field<&DataOptions::csv>(
          {.name = "csv",
           .label = "Label table",
           .help = "The CSV that says which image has which label, relative to the folder. Empty: train.csv, "
                   "or the one CSV "
                   "with a column is_val, or no table at all and each image's folder is its label.",
           .fastai = "ImageDataLoaders.from_csv"}),
      field<&DataOptions::image_column>({.name = "image_column",
                                         .label = "Image column",
                                         .help = "The column of the table that names the image: a file name "
                                                 "with or without its extension, or a path.",
                                         .fastai = "fn_col"}),
      field<&DataOptions::label_columns>({.name = "label_columns",
                                          .label = "Label column",
                                          .help = "The column of the table that holds the label to learn.",
                                          .fastai = "label_col"}),
      field<&DataOptions::images>({.name = "images",
                                   .label = "Image folder",
                                   .help = "Where the images lie, relative to the folder. Empty: "
                                           "train_images if there is one, else the folder itself.",
                                   .fastai = "folder"}),
      field<&DataOptions::test>({.name = "test",
                                 .label = "Test folder",
                                 .help = "Images without labels, to be predicted for a submission, relative "
                                         "to the folder. Empty: test_images if "
                                         "there is one."}),
      field<&DataOptions::exif>({.name = "exif",
                                 .label = "Camera orientation",
                                 .help = "Whether a photo that its camera marks as rotated is turned "
                                         "upright. ignore uses the pixels as they are "
                                         "stored, as fastai does; apply turns them. Choose one and keep it "
                                         "for training and predicting."}),
      field<&DataOptions::bad_images>({.name = "bad_images",
                                       .label = "Damaged images",
                                       .help = "What happens when an image cannot be read during a run: skip "
                                               "names it in the log and goes on without it; "
                                               "refuse ends the run."}),
      field<&DataOptions::split>({.name = "split", .label = "Split"}),
      field<&DataOptions::subset>({.name = "subset", .label = "Subset"}),
  };
  return table;
}

}  // namespace panicle
