import{C as o}from"./index-ByUKe0xE.js";const r=o("category",null);export{r as p};
