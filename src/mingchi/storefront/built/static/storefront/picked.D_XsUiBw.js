import{x as o}from"./index-DV_ocBka.js";const r=o("category",null);export{r as p};
