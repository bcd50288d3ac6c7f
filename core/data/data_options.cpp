#include "core/data/data_options.h"

#include <algorithm>

namespace panicle {

std::span<const Field<SplitOptions>> fieldTable(const SplitOptions*) {
  static const std::array table{
      field<&SplitOptions::kind>({.name = "kind",
                                  .label = "Validation images",
                                  .help = "How the images that judge the network are chosen; it never trains "
                                          "on them. random draws a share of all "
                                          "images; column takes the rows that a CSV column marks; grouped "
                                          "draws whole groups of like photos, so that no photo is judged "
                                          "whose twin was trained on; none "
                                          "trains on everything and leaves nothing to "
                                          "judge by (for a last run before a submission).",
                                  .fastai = "RandomSplitter, ColSplitter"}),
      field<&SplitOptions::valid_pct>(
          {.name = "valid_pct",
           .label = "Share for validation",
           .help = "Of a random or grouped split: the share of all images set aside. 0.2 is usual; with few images take "
                   "less only if "
                   "you can bear a noisy error rate, with very many 0.1 or less is enough.",
           .fastai = "valid_pct",
           .min = 0.0,
           .max = 0.99}),
      field<&SplitOptions::seed>(
          {.name = "seed",
           .label = "Split seed",
           .help = "Of a random or grouped split: the same number gives the same validation images; of a random "
                   "one exactly those that fastai draws. Keep it the same while you compare runs. It also draws the subset.",
           .fastai = "seed of RandomSplitter"}),
      field<&SplitOptions::column>(
          {.name = "column",
           .label = "Split column",
           .help =
               "Of a column split: rows whose value is true, 1 or yes are validation; false, 0, no or an "
               "empty value "
               "train. fastai takes any text that is not empty for true, even \"False\"; Panicle does not.",
           .fastai = "col of ColSplitter"}),
      field<&SplitOptions::group_column>(
          {.name = "group_column",
           .label = "Group column",
           .help = "Of a grouped split: photos with the same value in this column stay together on one side; one "
                   "without a value is a group of its own. Photos of one leaf, plant or field belong together, and "
                   "near duplicates do. Each class gives the share for validation, as near as whole groups allow.",
           .fastai = "GroupKFold, GroupShuffleSplit of scikit-learn"}),
      field<&SplitOptions::groups>(
          {.name = "groups",
           .label = "Group table",
           .help = "Of a grouped split: the CSV that holds the group column beside image_id, relative to the "
                   "folder; panicle-cli split --grouped --write makes one of the near duplicates that it finds. "
                   "Empty: the group column is one of the label table."}),
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
      field<&DataOptions::label_columns>(
          {.name = "label_columns",
           .label = "Label columns",
           .help = "The column of the table that holds the label to learn. "
                   "Further columns, such as variety, are learnt beside it by "
                   "the same network, which often helps the label too.",
           .fastai = "label_col; several: n_out, a loss and metrics of one's own"}),
      field<&DataOptions::regression_columns>(
          {.name = "regression_columns",
           .label = "Number columns",
           .help = "Those of the further label columns whose values are amounts, such as age: the network "
                   "answers with a number instead of a class. The first label column is always a class.",
           .fastai = "RegressionBlock"}),
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
      field<&DataOptions::corrections>(
          {.name = "corrections",
           .label = "Corrections",
           .help = "A CSV of decisions about single photos (another label, leave out, put on a side) that is laid over "
                   "the data set, relative to the folder; label review writes it. The photos and the label "
                   "table stay as they are. Empty: none."}),
      field<&DataOptions::split>({.name = "split", .label = "Split"}),
      field<&DataOptions::subset>({.name = "subset", .label = "Subset"}),
  };
  return table;
}

namespace {

bool contains(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

std::vector<std::string> labelProblems(const DataOptions& options) {
  const auto& labels = options.label_columns;
  if (labels.empty()) return {"label_columns is empty; name the column that holds the label, such as label"};
  std::vector<std::string> problems;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i].empty()) problems.emplace_back("label_columns holds an empty name; remove it");
    if (std::find(labels.begin(), labels.begin() + static_cast<std::ptrdiff_t>(i), labels[i]) !=
        labels.begin() + static_cast<std::ptrdiff_t>(i)) {
      problems.push_back("label_columns names '" + labels[i] + "' twice; remove one");
    }
  }
  if (contains(labels, options.image_column)) {
    problems.push_back("label_columns names the image column '" + options.image_column +
                       "', which is no label; remove it");
  }
  for (const std::string& name : options.regression_columns) {
    if (name == labels.front()) {
      problems.push_back("regression_columns names '" + name +
                         "', but the first label column must be a class; put a column of classes before it");
    } else if (!contains(labels, name)) {
      const std::string near = nearestName(name, labels);
      problems.push_back("regression_columns names '" + name + "', which is not among label_columns; " +
                         (near.empty() ? "add it there" : "did you mean '" + near + "'?"));
    }
  }
  return problems;
}

std::vector<std::string> check(const DataOptions& options) {
  std::vector<std::string> problems = labelProblems(options);
  const bool drawn = options.split.kind == SplitKind::Random || options.split.kind == SplitKind::Grouped;
  if (drawn && !(options.split.valid_pct > 0 && options.split.valid_pct < 1)) {
    problems.emplace_back(
        "split.valid_pct must lie between 0 and 1, both excluded, such as 0.2; to train on everything set "
        "data.split.kind to none");
  }
  if (options.split.kind == SplitKind::Grouped && options.split.group_column.empty()) {
    problems.emplace_back("split.group_column is empty; name the column whose values tell which photos belong together");
  }
  if (options.split.kind == SplitKind::Column && options.split.column.empty()) {
    problems.emplace_back("split.column is empty; name the CSV's column that marks validation rows");
  }
  if (!(options.subset.fraction > 0 && options.subset.fraction <= 1)) {
    problems.emplace_back("subset.fraction must be above 0 and at most 1; 1 keeps everything");
  }
  return problems;
}

}  // namespace panicle
